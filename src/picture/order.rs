//! The order of the cards within each column, so that few lines cross: each column in turn is sorted by where its
//! neighbours stand, to and fro, and the best arrangement seen is kept.

use super::grid::{End, Grid};
use super::layers::BETWEEN;
use std::collections::BTreeMap;

const SWEEPS: usize = 12;
/// Above so many hops, swapping single pairs costs more time than it is worth.
const SWAPPABLE: usize = 160;

/// Sorts the grid's columns.
pub(super) fn sort(grid: &mut Grid) {
    let mut best = grid.columns.clone();
    let mut least = crossings(grid);
    for sweep in 0..SWEEPS {
        if least == 0 {
            break;
        }
        let width = grid.columns.len();
        let rightwards = sweep % 2 == 0;
        for step in 1..width {
            sort_column(grid, if rightwards { step } else { width - 1 - step }, rightwards);
        }
        swap_pairs(grid);
        let crossed = crossings(grid);
        if crossed < least {
            least = crossed;
            best.clone_from(&grid.columns);
        }
    }
    grid.columns = best;
}

/// Brings the cards of one module together within each column, then moves whole modules, and cards within them, for as long
/// as that removes crossings. `module_of` says which module an item is of, where it is a card of one.
pub(super) fn gather(grid: &mut Grid, module_of: impl Fn(usize) -> Option<usize>) {
    for column in 0..grid.columns.len() {
        let Some(members) = grid.columns.get(column).cloned() else { continue };
        let mut places: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (place, item) in members.iter().enumerate() {
            if let Some(module) = module_of(*item) {
                places.entry(module).or_default().push(place);
            }
        }
        // A thousandth of a place is fine enough to tell means apart.
        let mean = |places: &Vec<usize>| places.iter().sum::<usize>() * 1_000 / places.len().max(1);
        let mut runs: BTreeMap<(usize, usize), Vec<usize>> = BTreeMap::new();
        for (place, item) in members.iter().enumerate() {
            let key = match module_of(*item).and_then(|module| places.get(&module)) {
                Some(places) => (mean(places), places.first().copied().unwrap_or(place)),
                None => (place * 1_000, place),
            };
            runs.entry(key).or_default().push(*item);
        }
        let mut runs: Vec<Vec<usize>> = runs.into_values().collect();
        set_column(grid, column, &runs);
        if grid.hops.len() > SWAPPABLE {
            continue;
        }
        let mut least = crossings(grid);
        for lower in 1..runs.len() {
            runs.swap(lower - 1, lower);
            least = keep_if_better(grid, column, &mut runs, least, |runs| runs.swap(lower - 1, lower));
        }
        for run in 0..runs.len() {
            for lower in 1..runs.get(run).map_or(0, Vec::len) {
                let exchange = |runs: &mut Vec<Vec<usize>>| {
                    if let Some(run) = runs.get_mut(run) {
                        run.swap(lower - 1, lower);
                    }
                };
                exchange(&mut runs);
                least = keep_if_better(grid, column, &mut runs, least, exchange);
            }
        }
    }
}

/// Puts the runs into the column; where that does not lessen the crossings, `undo` takes the last change of them back.
fn keep_if_better(
    grid: &mut Grid,
    column: usize,
    runs: &mut Vec<Vec<usize>>,
    least: usize,
    undo: impl Fn(&mut Vec<Vec<usize>>),
) -> usize {
    set_column(grid, column, runs);
    let crossed = crossings(grid);
    if crossed < least {
        return crossed;
    }
    undo(runs);
    set_column(grid, column, runs);
    least
}

fn set_column(grid: &mut Grid, column: usize, runs: &[Vec<usize>]) {
    if let Some(members) = grid.columns.get_mut(column) {
        *members = runs.iter().flatten().copied().collect();
    }
}

/// Tops of all items when each column is simply stacked around a common middle.
fn stacked(grid: &Grid) -> Vec<i64> {
    let mut tops = vec![0; grid.items.len()];
    for column in &grid.columns {
        let height = |item: &usize| grid.heights.get(*item).copied().unwrap_or(0) + BETWEEN;
        let whole: i64 = column.iter().map(height).sum();
        let mut top = -whole / 2;
        for item in column {
            if let Some(place) = tops.get_mut(*item) {
                *place = top;
            }
            top += height(item);
        }
    }
    tops
}

fn at(tops: &[i64], end: End) -> i64 {
    tops.get(end.item).copied().unwrap_or(0) + end.down
}

/// Sorts one column by the mean place of its neighbours on the side that was sorted before.
fn sort_column(grid: &mut Grid, column: usize, rightwards: bool) {
    let tops = stacked(grid);
    let mut wanted: Vec<(i64, i64)> = vec![(0, 0); grid.items.len()];
    for hop in &grid.hops {
        let (near, far) = if rightwards { (hop.left, hop.right) } else { (hop.right, hop.left) };
        if let Some((sum, number)) = wanted.get_mut(far.item) {
            *sum += at(&tops, near) - far.down;
            *number += 1;
        }
    }
    let key = |item: &usize| match wanted.get(*item) {
        Some((sum, number)) if *number > 0 => sum.div_euclid(*number),
        _ => tops.get(*item).copied().unwrap_or(0),
    };
    let Some(members) = grid.columns.get(column) else {
        return;
    };
    let mut sorted = members.clone();
    sorted.sort_by_key(key);
    if let Some(members) = grid.columns.get_mut(column) {
        *members = sorted;
    }
}

/// Swaps neighbours in a column for as long as that removes crossings.
fn swap_pairs(grid: &mut Grid) {
    if grid.hops.len() > SWAPPABLE {
        return;
    }
    let mut least = crossings(grid);
    for column in 0..grid.columns.len() {
        let members = grid.columns.get(column).map_or(0, Vec::len);
        for upper in 1..members {
            swap(grid, column, upper);
            let crossed = crossings(grid);
            if crossed < least {
                least = crossed;
            } else {
                swap(grid, column, upper);
            }
        }
    }
}

fn swap(grid: &mut Grid, column: usize, lower: usize) {
    if let Some(members) = grid.columns.get_mut(column).filter(|members| lower < members.len()) {
        members.swap(lower - 1, lower);
    }
}

/// How many pairs of hops cross, those of one bus left out.
fn crossings(grid: &Grid) -> usize {
    let tops = stacked(grid);
    let mut channels: Vec<Vec<(usize, i64, i64)>> = vec![Vec::new(); grid.columns.len()];
    for hop in &grid.hops {
        if let Some(channel) = channels.get_mut(hop.channel) {
            channel.push((hop.bus, at(&tops, hop.left), at(&tops, hop.right)));
        }
    }
    let mut number = 0;
    for channel in &channels {
        for (place, (bus, left, right)) in channel.iter().enumerate() {
            number += channel
                .iter()
                .skip(place + 1)
                .filter(|(other, other_left, other_right)| {
                    other != bus && (left - other_left).signum() * (right - other_right).signum() < 0
                })
                .count();
        }
    }
    number
}
