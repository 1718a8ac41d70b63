//! A connected set of tables as a grid of columns. Between neighbouring columns is a channel for lines; where a line goes
//! past a column, it holds a place of its own in that column, so that no line ever has to run through a card.
//!
//! Lines that end at the same side of the same line of a parent share a trunk, the [`Bus`]: a table that everything
//! points to has one trunk with branches and not a bundle of lines.

use super::cards::{Card, Link, ROW, middle};
use std::collections::BTreeMap;

/// A side of a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Side {
    Left,
    Right,
}

impl Side {
    pub fn opposite(self) -> Self {
        match self {
            Self::Left => Self::Right,
            Self::Right => Self::Left,
        }
    }
}

/// What holds a place in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Item {
    /// A card, by its place in the list of cards.
    Card(usize),
    /// A trunk that goes past, by its place in the list of buses.
    Pass(usize),
}

/// Lines that share their parent's end.
#[derive(Debug)]
pub(super) struct Bus {
    pub parent: usize,
    pub side: Side,
    /// Column of the parent.
    pub from: usize,
    /// Where it leaves the parent, from the top of the card.
    pub port: i64,
    /// Its links, by their places in the list of links.
    pub links: Vec<usize>,
}

/// One end of a hop: an item, and how far below its top.
#[derive(Debug, Clone, Copy)]
pub(super) struct End {
    pub item: usize,
    pub down: i64,
}

/// A line across one channel; channel 0 is right of column 0.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hop {
    pub channel: usize,
    pub bus: usize,
    pub left: End,
    pub right: End,
}

/// The grid. Places in the lists of items, buses and hops are given out here and nowhere else.
#[derive(Debug)]
pub(super) struct Grid {
    pub items: Vec<Item>,
    /// Height of each item.
    pub heights: Vec<i64>,
    /// Items of each column, from the top.
    pub columns: Vec<Vec<usize>>,
    pub buses: Vec<Bus>,
    pub hops: Vec<Hop>,
    /// Where each link meets its child: side, and how far below the card's top.
    pub child_ports: BTreeMap<usize, (Side, i64)>,
    /// The item of each card.
    pub card_items: BTreeMap<usize, usize>,
    /// The item that a bus has in a column which it goes past.
    pub passes: BTreeMap<(usize, usize), usize>,
}

/// Makes the grid of one connected set; `column_of` names its cards and their columns.
pub(super) fn build(column_of: &BTreeMap<usize, usize>, cards: &[Card], links: &[Link]) -> Grid {
    let width = column_of.values().max().map_or(0, |last| last + 1);
    let mut grid = Grid {
        items: Vec::new(),
        heights: Vec::new(),
        columns: vec![Vec::new(); width],
        buses: Vec::new(),
        hops: Vec::new(),
        child_ports: BTreeMap::new(),
        card_items: BTreeMap::new(),
        passes: BTreeMap::new(),
    };
    let mut in_order: Vec<(usize, usize)> = column_of.iter().map(|(card, column)| (*card, *column)).collect();
    in_order.sort_by_key(|(card, _)| (cards.get(*card).map(|card| card.tint), *card));
    for (card, column) in in_order {
        let height = cards.get(card).map_or(0, Card::height);
        let item = grid.add(Item::Card(card), height, column);
        grid.card_items.insert(card, item);
    }
    grid.add_buses(column_of, links);
    grid.set_ports(links);
    for bus in 0..grid.buses.len() {
        grid.add_hops(bus, column_of, links);
    }
    grid.put_passes_in_the_middle();
    grid
}

impl Grid {
    fn add(&mut self, item: Item, height: i64, column: usize) -> usize {
        let place = self.items.len();
        self.items.push(item);
        self.heights.push(height);
        if let Some(column) = self.columns.get_mut(column) {
            column.push(place);
        }
        place
    }

    fn add_buses(&mut self, column_of: &BTreeMap<usize, usize>, links: &[Link]) {
        let mut shared: BTreeMap<(usize, Option<usize>, Side), Vec<usize>> = BTreeMap::new();
        for (place, link) in links.iter().enumerate() {
            let (Some(parent), Some(child)) = (column_of.get(&link.parent), column_of.get(&link.child))
            else {
                continue;
            };
            let side = if child >= parent { Side::Right } else { Side::Left };
            shared.entry((link.parent, link.parent_row, side)).or_default().push(place);
        }
        for ((parent, row, side), links) in shared {
            let from = column_of.get(&parent).copied().unwrap_or(0);
            self.buses.push(Bus { parent, side, from, port: middle(row), links });
        }
    }

    /// Moves the ends of lines apart that meet a card at the same side of the same line.
    fn set_ports(&mut self, links: &[Link]) {
        #[derive(Clone, Copy)]
        enum Who {
            Bus(usize),
            Link(usize),
        }
        let mut meeting: BTreeMap<(usize, Side, i64), Vec<Who>> = BTreeMap::new();
        for (place, bus) in self.buses.iter().enumerate() {
            meeting.entry((bus.parent, bus.side, bus.port)).or_default().push(Who::Bus(place));
            for (number, link) in bus.links.iter().filter_map(|number| Some((*number, links.get(*number)?))) {
                let side = if link.child == link.parent { Side::Right } else { bus.side.opposite() };
                meeting
                    .entry((link.child, side, middle(link.child_row)))
                    .or_default()
                    .push(Who::Link(number));
            }
        }
        for ((_, side, middle), ends) in meeting {
            let number = super::cards::length(ends.len());
            let apart = ((ROW - 4) / number).min(8);
            let mut at = middle - apart * (number - 1) / 2;
            for who in ends {
                match who {
                    Who::Bus(place) => {
                        if let Some(bus) = self.buses.get_mut(place) {
                            bus.port = at;
                        }
                    }
                    Who::Link(number) => {
                        self.child_ports.insert(number, (side, at));
                    }
                }
                at += apart;
            }
        }
    }

    /// A trunk that passes between a hub's leaves does so in their middle, unless sorting finds a better place.
    fn put_passes_in_the_middle(&mut self) {
        let items = &self.items;
        for column in &mut self.columns {
            let (mut sorted, passes): (Vec<usize>, Vec<usize>) =
                column.iter().partition(|item| matches!(items.get(**item), Some(Item::Card(_))));
            let middle = sorted.len() / 2;
            sorted.splice(middle..middle, passes);
            *column = sorted;
        }
    }

    /// Lays one bus through the grid, column by column away from its parent.
    fn add_hops(&mut self, place: usize, column_of: &BTreeMap<usize, usize>, links: &[Link]) {
        let Some(bus) = self.buses.get(place) else { return };
        let (side, mut column) = (bus.side, bus.from);
        let Some(parent) = self.card_items.get(&bus.parent) else {
            return;
        };
        let mut near = End { item: *parent, down: bus.port };
        let mut children: BTreeMap<usize, Vec<End>> = BTreeMap::new();
        for number in &bus.links {
            let Some(link) = links.get(*number).filter(|link| link.child != link.parent) else {
                continue;
            };
            let (Some(column), Some(item)) = (column_of.get(&link.child), self.card_items.get(&link.child))
            else {
                continue;
            };
            let down = self.child_ports.get(number).map_or(0, |(_, down)| *down);
            children.entry(*column).or_default().push(End { item: *item, down });
        }
        let reach = match side {
            Side::Right => children.keys().next_back(),
            Side::Left => children.keys().next(),
        };
        let reach = reach.copied().unwrap_or(column);
        while column != reach {
            let next = match side {
                Side::Right => column + 1,
                Side::Left => column - 1,
            };
            let mut far = children.remove(&next).unwrap_or_default();
            let mut onward = near;
            if next != reach {
                let item = self.add(Item::Pass(place), 0, next);
                self.passes.insert((place, next), item);
                onward = End { item, down: 0 };
                far.push(onward);
            }
            for end in far {
                let (left, right) = match side {
                    Side::Right => (near, end),
                    Side::Left => (end, near),
                };
                self.hops.push(Hop { channel: column.min(next), bus: place, left, right });
            }
            near = onward;
            column = next;
        }
    }
}
