//! Which column of the picture each table stands in: tables that others point to on the left, those that point to them
//! further right. Around a hub that very many point to, the pointing ones stand on both sides and in several columns.

use super::cards::{Card, Link};
use std::collections::{BTreeMap, BTreeSet};

/// Vertical room between two cards of a column.
pub(super) const BETWEEN: i64 = 30;
/// Least room between two columns; only an estimate here, the lines decide the real one.
const AISLE: i64 = 90;

/// Gives each member of a connected set of cards its column, from 0. Cards with a link between them never share one.
pub(super) fn columns(members: &[usize], cards: &[Card], links: &[Link]) -> BTreeMap<usize, usize> {
    let near = neighbours(members, links);
    let mut ranks = ranks(members, &near, links);
    pull_sources(&mut ranks, &near);
    let limit = comfortable_height(members, cards);
    spread_hub(&mut ranks, &near, cards, limit);
    fold(&ranks, &near, cards, limit)
}

type Near = BTreeMap<usize, BTreeSet<usize>>;

fn neighbours(members: &[usize], links: &[Link]) -> Near {
    let mut near: Near = members.iter().map(|card| (*card, BTreeSet::new())).collect();
    for link in links.iter().filter(|link| link.child != link.parent) {
        if near.contains_key(&link.child) {
            near.entry(link.child).or_default().insert(link.parent);
            near.entry(link.parent).or_default().insert(link.child);
        }
    }
    near
}

/// Longest path from the tables that point nowhere. A cycle is cut at the table that waits for the fewest others.
fn ranks(members: &[usize], near: &Near, links: &[Link]) -> BTreeMap<usize, i64> {
    let mut waiting: Near = members.iter().map(|card| (*card, BTreeSet::new())).collect();
    for link in links.iter().filter(|link| link.child != link.parent) {
        if let Some(parents) = waiting.get_mut(&link.child) {
            parents.insert(link.parent);
        }
    }
    let mut ranks: BTreeMap<usize, i64> = BTreeMap::new();
    loop {
        let next = waiting.iter().min_by_key(|(card, parents)| {
            let children = near.get(card).map_or(0, BTreeSet::len);
            (parents.len(), usize::MAX - children, **card)
        });
        let Some(card) = next.map(|(card, _)| *card) else {
            return ranks;
        };
        waiting.remove(&card);
        for parents in waiting.values_mut() {
            parents.remove(&card);
        }
        let placed = near.get(&card).into_iter().flatten().filter_map(|other| ranks.get(other));
        let rank = placed.max().map_or(0, |rank| rank + 1);
        ranks.insert(card, rank);
    }
}

/// A table that points nowhere stands right before the first table that points to it.
fn pull_sources(ranks: &mut BTreeMap<usize, i64>, near: &Near) {
    let cards: Vec<usize> = ranks.keys().copied().collect();
    for card in cards {
        if ranks.get(&card) != Some(&0) {
            continue;
        }
        let first = near.get(&card).into_iter().flatten().filter_map(|other| ranks.get(other)).min();
        if let Some(first) = first.copied() {
            ranks.insert(card, first - 1);
        }
    }
}

/// The height at which the whole set would fill a square.
fn comfortable_height(members: &[usize], cards: &[Card]) -> i64 {
    let shown = || members.iter().filter_map(|card| cards.get(*card));
    let area: i64 = shown().map(|card| (card.width + AISLE) * (card.height() + BETWEEN)).sum();
    let tallest = shown().map(|card| card.height() + BETWEEN).max().unwrap_or(0);
    area.isqrt().max(tallest * 5 / 4)
}

fn height_of<'a>(column: impl IntoIterator<Item = &'a usize>, cards: &[Card]) -> i64 {
    column.into_iter().filter_map(|card| cards.get(*card)).map(|card| card.height() + BETWEEN).sum()
}

/// Moves half of a hub's leaves to its other side when they are too many for one column.
fn spread_hub(ranks: &mut BTreeMap<usize, i64>, near: &Near, cards: &[Card], limit: i64) {
    let first: Vec<usize> = ranks.iter().filter(|(_, rank)| **rank == 1).map(|(card, _)| *card).collect();
    let whole = height_of(&first, cards);
    if whole <= limit {
        return;
    }
    let leaves: Vec<usize> = first
        .into_iter()
        .filter(|card| near.get(card).into_iter().flatten().all(|other| ranks.get(other) == Some(&0)))
        .collect();
    let mut moved = 0;
    for card in leaves {
        let height = height_of([&card], cards);
        if moved + height > whole / 2 {
            break;
        }
        moved += height;
        ranks.insert(card, -1);
    }
}

/// Splits columns that are too high into several, and numbers them all from the left. Tables that have others further
/// right stand last, leaves first.
fn fold(ranks: &BTreeMap<usize, i64>, near: &Near, cards: &[Card], limit: i64) -> BTreeMap<usize, usize> {
    let mut by_rank: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
    for (card, rank) in ranks {
        by_rank.entry(*rank).or_default().push(*card);
    }
    let mut columns = BTreeMap::new();
    let mut column = 0;
    for (rank, mut members) in by_rank {
        let goes_on = |card: &usize| {
            near.get(card)
                .into_iter()
                .flatten()
                .any(|other| ranks.get(other).is_some_and(|other| *other > rank))
        };
        members.sort_by_key(|card| (goes_on(card), cards.get(*card).map(|card| card.tint), *card));
        let whole = height_of(&members, cards);
        let parts = (whole + limit - 1).div_euclid(limit.max(1)).max(1);
        let each = whole / parts;
        let mut filled = 0;
        for card in members {
            let height = height_of([&card], cards);
            if filled > 0 && filled + height / 2 > each {
                column += 1;
                filled = 0;
            }
            filled += height;
            columns.insert(card, column);
        }
        column += 1;
    }
    columns
}
