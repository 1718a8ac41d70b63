//! The height at which each item of the grid stands: as near to its neighbours as the order and the distances allow, so
//! that lines are short and straight. Each column is a least-squares fit that keeps its order, solved exactly.

use super::cards::HEAD;
use super::grid::{Grid, Item};
use super::layers::BETWEEN;

/// Room between a card and a line that goes past it.
const PAST: i64 = 16;
/// Room between two lines that go past.
const LINES: i64 = 12;
/// How much more a passing line wants to be straight than a card wants to be near.
const STRAIGHT: i64 = 6;
/// The largest kink that is taken out by moving an item.
const KINK: i64 = 16;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    Left,
    Right,
    Both,
}

/// The tops of all items; the least one is 0.
pub(super) fn tops(grid: &Grid) -> Vec<i64> {
    let mut tops = vec![0; grid.items.len()];
    let tallest = (0..grid.columns.len()).map(|column| height(grid, column)).max().unwrap_or(0);
    let room = tallest + tallest / 12;
    for column in 0..grid.columns.len() {
        stack(grid, column, room, &mut tops);
    }
    let looks =
        [Look::Left, Look::Right, Look::Left, Look::Right, Look::Left, Look::Both, Look::Both, Look::Both];
    for look in looks {
        for step in 0..grid.columns.len() {
            let column = if look == Look::Right { grid.columns.len() - 1 - step } else { step };
            settle_column(grid, column, look, room, &mut tops);
        }
    }
    for column in 0..grid.columns.len() {
        straighten(grid, column, &mut tops);
    }
    let least = tops.iter().min().copied().unwrap_or(0);
    tops.iter().map(|top| top - least).collect()
}

/// The least height of a column.
fn height(grid: &Grid, column: usize) -> i64 {
    let Some(members) = grid.columns.get(column) else {
        return 0;
    };
    let steps: i64 =
        members.iter().zip(members.iter().skip(1)).map(|(upper, lower)| step(grid, *upper, *lower)).sum();
    steps + members.last().and_then(|last| grid.heights.get(*last)).copied().unwrap_or(0)
}

/// Stacks a column around the middle of the room.
fn stack(grid: &Grid, column: usize, room: i64, tops: &mut [i64]) {
    let Some(members) = grid.columns.get(column) else {
        return;
    };
    let mut top = (room - height(grid, column)) / 2;
    for (place, item) in members.iter().enumerate() {
        if let Some(entry) = tops.get_mut(*item) {
            *entry = top;
        }
        top += members.get(place + 1).map_or(0, |below| step(grid, *item, *below));
    }
}

/// Takes out small kinks: an item moves by a few pixels where that makes one of its lines straight and there is room.
fn straighten(grid: &Grid, column: usize, tops: &mut [i64]) {
    let Some(members) = grid.columns.get(column) else {
        return;
    };
    for (place, item) in members.iter().enumerate() {
        let Some(top) = tops.get(*item).copied() else {
            continue;
        };
        let mut kinks: Vec<i64> =
            neighbours(grid, *item, Look::Both, tops).map(|wanted| wanted - top).collect();
        kinks.sort_by_key(|kink| kink.abs());
        let Some(kink) = kinks.first().filter(|kink| kink.abs() <= KINK) else {
            continue;
        };
        let other = |place: Option<usize>| place.and_then(|place| members.get(place));
        let above = other(place.checked_sub(1));
        let least =
            above.map_or(0, |above| tops.get(*above).copied().unwrap_or(0) + step(grid, *above, *item));
        let below = other(Some(place + 1));
        let most = below
            .map_or(i64::MAX, |below| tops.get(*below).copied().unwrap_or(0) - step(grid, *item, *below));
        if let Some(entry) = tops.get_mut(*item).filter(|_| (least..=most).contains(&(top + kink))) {
            *entry = top + kink;
        }
    }
}

/// Settles one column by its neighbours, within the room that the tallest column needs.
fn settle_column(grid: &Grid, column: usize, look: Look, room: i64, tops: &mut [i64]) {
    let Some(members) = grid.columns.get(column) else {
        return;
    };
    let mut wanted = Vec::with_capacity(members.len());
    let mut steps = Vec::with_capacity(members.len());
    for (place, item) in members.iter().enumerate() {
        wanted.push(wish(grid, *item, look, tops));
        steps.push(members.get(place + 1).map_or(0, |below| step(grid, *item, *below)));
    }
    let most = room - height(grid, column);
    for (item, top) in members.iter().zip(fit(&wanted, &steps, (0, most))) {
        if let Some(place) = tops.get_mut(*item) {
            *place = top;
        }
    }
}

/// Where an item would like to be, and how much.
fn wish(grid: &Grid, item: usize, look: Look, tops: &[i64]) -> (i64, i64) {
    let (mut sum, mut number) = (0, 0);
    for wanted in neighbours(grid, item, look, tops) {
        sum += wanted;
        number += 1;
    }
    if number == 0 {
        return (tops.get(item).copied().unwrap_or(0), 1);
    }
    let weight = if matches!(grid.items.get(item), Some(Item::Pass(_))) { STRAIGHT } else { 1 };
    (sum.div_euclid(number), number * weight)
}

/// The tops at which each of an item's lines would be straight.
fn neighbours(grid: &Grid, item: usize, look: Look, tops: &[i64]) -> impl Iterator<Item = i64> {
    grid.hops.iter().filter_map(move |hop| {
        let (own, other) = if hop.right.item == item && look != Look::Right {
            (hop.right, hop.left)
        } else if hop.left.item == item && look != Look::Left {
            (hop.left, hop.right)
        } else {
            return None;
        };
        Some(tops.get(other.item).copied().unwrap_or(0) + other.down - own.down)
    })
}

/// The least distance between the tops of an item and the one below it.
fn step(grid: &Grid, upper: usize, lower: usize) -> i64 {
    let is_card = |item: usize| matches!(grid.items.get(item), Some(Item::Card(_)));
    let apart = match (is_card(upper), is_card(lower)) {
        (true, true) => BETWEEN,
        (false, false) => LINES,
        _ => PAST,
    };
    grid.heights.get(upper).copied().unwrap_or(HEAD) + apart
}

/// The places closest to the wished ones (value, weight) that are at least `steps` apart, the first one within `bounds`:
/// pool adjacent violators.
fn fit(wanted: &[(i64, i64)], steps: &[i64], bounds: (i64, i64)) -> Vec<i64> {
    struct Pool {
        sum: i64,
        weight: i64,
        number: usize,
    }
    let mut pools: Vec<Pool> = Vec::new();
    let mut offset = 0;
    for ((value, weight), step) in wanted.iter().zip(steps) {
        let mut pool = Pool { sum: (value - offset) * weight, weight: *weight, number: 1 };
        while let Some(before) =
            pools.pop_if(|before| before.sum.div_euclid(before.weight) > pool.sum.div_euclid(pool.weight))
        {
            pool.sum += before.sum;
            pool.weight += before.weight;
            pool.number += before.number;
        }
        pools.push(pool);
        offset += step;
    }
    let bases =
        pools.iter().flat_map(|pool| std::iter::repeat_n(pool.sum.div_euclid(pool.weight), pool.number));
    let mut offset = 0;
    bases
        .zip(steps)
        .map(|(base, step)| {
            let place = base.min(bounds.1).max(bounds.0) + offset;
            offset += step;
            place
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::fit;

    #[test]
    fn wishes_that_leave_room_are_granted_and_others_meet_in_the_middle() {
        let free = (-1000, 1000);
        assert_eq!(fit(&[(0, 1), (100, 1)], &[50, 0], free), [0, 100]);
        assert_eq!(fit(&[(0, 1), (0, 1)], &[50, 0], free), [-25, 25]);
        assert_eq!(fit(&[(10, 1), (0, 3), (500, 1)], &[20, 20, 0], free), [-13, 7, 500]);
        assert_eq!(fit(&[(-40, 1), (900, 1)], &[50, 0], (0, 100)), [0, 150]);
    }
}
