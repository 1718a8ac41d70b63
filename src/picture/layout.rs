//! Where everything goes: each connected set of tables is laid out by itself, then the sets are put side by side.

use super::cards::{Card, Link};
use super::grid::{self, Grid, Item};
use super::route::{self, Wire};
use super::{layers, order, pack, place};
use std::collections::{BTreeMap, BTreeSet};

/// A card's rectangle, in pixels from the diagram's upper left corner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Frame {
    pub left: i64,
    pub top: i64,
    pub width: i64,
    pub height: i64,
}

/// Places of all cards and links, in the order of the lists that they were given in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Layout {
    pub frames: Vec<Frame>,
    pub wires: BTreeMap<usize, Wire>,
    /// Where several cards of one module stand together: its tint, and what encloses them.
    pub regions: Vec<(usize, Frame)>,
    pub width: i64,
    pub height: i64,
}

/// Lays out cards and the links between them. Cards never overlap, and lines never run through cards.
pub(super) fn arrange(cards: &[Card], links: &[Link]) -> Layout {
    let sets = connected(cards.len(), links);
    let alone = sets.iter().filter(|set| set.len() == 1).flatten();
    let common = alone.filter_map(|card| cards.get(*card)).map(|card| card.width).max().unwrap_or(0);
    let mut blocks: Vec<Block> = sets.iter().map(|set| block(set, cards, links, common)).collect();
    blocks.sort_by_key(|block| {
        let first = block.frames.keys().next().copied().unwrap_or(0);
        let several = block.frames.len() > 1;
        let area = if several { block.width * block.height } else { 0 };
        (!several, -area, cards.get(first).map(|card| card.tint), first)
    });
    let sizes: Vec<(i64, i64)> = blocks.iter().map(|block| (block.width, block.height)).collect();
    let (places, (width, height)) = pack::pack(&sizes);
    let mut layout = Layout {
        frames: vec![Frame::default(); cards.len()],
        wires: BTreeMap::new(),
        regions: Vec::new(),
        width,
        height,
    };
    for (block, (left, top)) in blocks.into_iter().zip(places) {
        for (card, frame) in block.frames {
            if let Some(place) = layout.frames.get_mut(card) {
                *place = Frame { left: frame.left + left, top: frame.top + top, ..frame };
            }
        }
        let moved = |frame: Frame| Frame { left: frame.left + left, top: frame.top + top, ..frame };
        layout.regions.extend(block.regions.into_iter().map(|(tint, frame)| (tint, moved(frame))));
        for (link, mut wire) in block.wires {
            for (x, y) in &mut wire.points {
                *x += left;
                *y += top;
            }
            layout.wires.insert(link, wire);
        }
    }
    layout
}

/// A connected set with its layout.
struct Block {
    regions: Vec<(usize, Frame)>,
    frames: BTreeMap<usize, Frame>,
    wires: Vec<(usize, Wire)>,
    width: i64,
    height: i64,
}

fn connected(number: usize, links: &[Link]) -> Vec<Vec<usize>> {
    let mut near: BTreeMap<usize, BTreeSet<usize>> =
        (0..number).map(|card| (card, BTreeSet::new())).collect();
    for link in links {
        near.entry(link.child).or_default().insert(link.parent);
        near.entry(link.parent).or_default().insert(link.child);
    }
    let mut sets = Vec::new();
    while let Some((first, reached)) = near.pop_first() {
        let mut set = vec![first];
        let mut ahead: Vec<usize> = reached.into_iter().collect();
        while let Some(card) = ahead.pop() {
            if let Some(reached) = near.remove(&card) {
                set.push(card);
                ahead.extend(reached);
            }
        }
        set.sort_unstable();
        sets.push(set);
    }
    sets
}

fn block(set: &[usize], cards: &[Card], links: &[Link], common: i64) -> Block {
    let column_of = layers::columns(set, cards, links);
    let mut grid = grid::build(&column_of, cards, links);
    order::sort(&mut grid);
    let module_of: Vec<Option<usize>> = grid
        .items
        .iter()
        .map(|item| match item {
            Item::Card(card) => cards.get(*card).and_then(|card| card.group),
            Item::Pass(_) => None,
        })
        .collect();
    order::gather(&mut grid, |item| module_of.get(item).copied().flatten());
    let tops = place::tops(&grid);
    let width_of = |item: &usize| match grid.items.get(*item) {
        Some(Item::Card(card)) => cards.get(*card).map_or(0, |card| card.width),
        _ => 0,
    };
    let widest = |column: &Vec<usize>| column.iter().map(width_of).max().unwrap_or(0);
    let widths: Vec<i64> = match set {
        [_] => vec![common],
        _ => grid.columns.iter().map(widest).collect(),
    };
    let channels = route::channels(&grid, &tops, links, &widths);
    let mut frames = BTreeMap::new();
    for (card, item) in &grid.card_items {
        let column = column_of.get(card).copied().unwrap_or(0);
        let frame = Frame {
            left: channels.columns.get(column).copied().unwrap_or(0),
            top: tops.get(*item).copied().unwrap_or(0),
            width: widths.get(column).copied().unwrap_or(0),
            height: cards.get(*card).map_or(0, Card::height),
        };
        frames.insert(*card, frame);
    }
    let regions = regions(&grid, &module_of, &frames, cards);
    let mut wires = Vec::new();
    for (place, bus) in grid.buses.iter().enumerate() {
        for number in &bus.links {
            let wire = links
                .get(*number)
                .and_then(|link| route::wire(&grid, &tops, &channels, &widths, place, *number, link));
            wires.extend(wire.map(|wire| (*number, wire)));
        }
    }
    let lowest = frames.values().map(|frame| frame.top + frame.height);
    let corners = wires.iter().flat_map(|(_, wire)| wire.points.iter().map(|(_, y)| *y + 8));
    let height = lowest.chain(corners).max().unwrap_or(0);
    Block { frames, wires, regions, width: channels.width, height }
}

/// How far a region reaches beyond its cards; less than half of what is between two cards.
const REACH: i64 = 11;

/// What encloses the cards of one module that stand together in a column, where there are several.
fn regions(
    grid: &Grid,
    module_of: &[Option<usize>],
    frames: &BTreeMap<usize, Frame>,
    cards: &[Card],
) -> Vec<(usize, Frame)> {
    let tint = |item: &usize| match grid.items.get(*item) {
        Some(Item::Card(card)) => cards.get(*card).and_then(|card| card.tint),
        _ => None,
    };
    let module = |item: &usize| module_of.get(*item).copied().flatten();
    let frame = |item: &usize| match grid.items.get(*item) {
        Some(Item::Card(card)) => frames.get(card).copied(),
        _ => None,
    };
    let mut found = Vec::new();
    for column in &grid.columns {
        for run in column.chunk_by(|upper, lower| module(upper).is_some() && module(upper) == module(lower)) {
            let (Some(tint), Some(first), Some(last)) = (
                run.first().and_then(tint),
                run.first().and_then(frame),
                run.last().filter(|_| run.len() > 1).and_then(frame),
            ) else {
                continue;
            };
            let height = last.top + last.height - first.top + 2 * REACH;
            found.push((
                tint,
                Frame {
                    left: first.left - REACH,
                    top: first.top - REACH,
                    width: first.width + 2 * REACH,
                    height,
                },
            ));
        }
    }
    found
}
