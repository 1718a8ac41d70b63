//! The lines: each bus gets an upright track in every channel that it crosses, placed so that lines cross seldom and
//! never lie on each other; the channels are as wide as their tracks need.

use super::cards::Link;
use super::grid::{Grid, Side};
use std::collections::BTreeMap;

/// Room beside a card for the sign at a line's end.
const SIGN: i64 = 24;
/// Distance between two tracks.
const TRACK: i64 = 11;
/// Least width of a channel between two columns.
const LEAST_CHANNEL: i64 = 68;
/// Upright lines that share a track are at least so far apart; level ones closer than this are held to lie on each other.
const CLEAR: i64 = 7;

/// A line from a parent to a child: its corners, all turns being right angles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wire {
    pub points: Vec<(i64, i64)>,
    pub parent_side: Side,
    pub child_side: Side,
}

/// What one bus does in one channel: the heights at which it touches its left and its right side.
#[derive(Debug, Default, Clone)]
struct Net {
    bus: usize,
    left: Vec<i64>,
    right: Vec<i64>,
}

impl Net {
    fn span(&self) -> (i64, i64) {
        let all = || self.left.iter().chain(&self.right).copied();
        (all().min().unwrap_or(0), all().max().unwrap_or(0))
    }

    fn is_straight(&self) -> bool {
        let (top, bottom) = self.span();
        top == bottom
    }
}

/// Where columns start, and the track of each bus in each channel, both as distances from the left.
#[derive(Debug)]
pub(super) struct Channels {
    pub columns: Vec<i64>,
    tracks: BTreeMap<(usize, usize), i64>,
    pub width: i64,
}

/// Gives every bus its tracks; `widths` are those of the columns.
pub(super) fn channels(grid: &Grid, tops: &[i64], links: &[Link], widths: &[i64]) -> Channels {
    let mut nets = nets(grid, tops, links);
    let mut made = Channels { columns: Vec::new(), tracks: BTreeMap::new(), width: 0 };
    let mut left = 0;
    for (channel, width) in widths.iter().enumerate() {
        made.columns.push(left);
        let start = left + width;
        let mut members = nets.remove(&channel).unwrap_or_default();
        sort(&mut members);
        let (levels, number) = levels(&members);
        let is_last = channel + 1 == widths.len();
        let needed = if number == 0 { 0 } else { 2 * SIGN + (number - 1) * TRACK };
        let room = if is_last { (needed - SIGN).max(0) } else { needed.max(LEAST_CHANNEL) };
        let slack = if is_last { 0 } else { (room - needed) / 2 };
        for (net, level) in members.iter().zip(levels) {
            made.tracks.insert((channel, net.bus), start + slack + SIGN + level * TRACK);
        }
        left = start + room;
    }
    made.width = left;
    made
}

/// The line of one link.
pub(super) fn wire(
    grid: &Grid,
    tops: &[i64],
    channels: &Channels,
    widths: &[i64],
    bus: usize,
    number: usize,
    link: &Link,
) -> Option<Wire> {
    let place = bus;
    let bus = grid.buses.get(place)?;
    let (child_side, child_down) = grid.child_ports.get(&number).copied()?;
    let child_item = *grid.card_items.get(&link.child)?;
    let parent_item = *grid.card_items.get(&bus.parent)?;
    let last = grid.columns.iter().position(|column| column.contains(&child_item))?;
    let edge = |column: usize, side: Side| {
        let left = channels.columns.get(column)?;
        Some(match side {
            Side::Left => *left,
            Side::Right => left + widths.get(column)?,
        })
    };
    let top = |item: usize| tops.get(item).copied();
    let mut height = top(parent_item)? + bus.port;
    let end = top(child_item)? + child_down;
    let mut points = vec![(edge(bus.from, bus.side)?, height)];
    let mut column = bus.from;
    loop {
        let (channel, next) = match bus.side {
            Side::Right => (column, column + 1),
            Side::Left => (column.checked_sub(1)?, column.checked_sub(1)?),
        };
        let arrives = next == last || last == bus.from;
        let onward = if arrives { end } else { top(*grid.passes.get(&(place, next))?)? };
        let track = *channels.tracks.get(&(channel, place))?;
        if onward != height {
            points.extend([(track, height), (track, onward)]);
        }
        height = onward;
        column = next;
        if arrives {
            break;
        }
    }
    points.push((edge(last, child_side)?, end));
    Some(Wire { points, parent_side: bus.side, child_side })
}

fn nets(grid: &Grid, tops: &[i64], links: &[Link]) -> BTreeMap<usize, Vec<Net>> {
    let mut by_bus: BTreeMap<(usize, usize), Net> = BTreeMap::new();
    let top = |item: usize| tops.get(item).copied().unwrap_or(0);
    for hop in &grid.hops {
        let net = by_bus.entry((hop.channel, hop.bus)).or_default();
        net.left.push(top(hop.left.item) + hop.left.down);
        net.right.push(top(hop.right.item) + hop.right.down);
    }
    for (place, bus) in grid.buses.iter().enumerate() {
        for number in &bus.links {
            if links.get(*number).is_some_and(|link| link.child == link.parent) {
                let item = grid.card_items.get(&bus.parent).copied().unwrap_or(0);
                let down = grid.child_ports.get(number).map_or(0, |(_, down)| *down);
                let net = by_bus.entry((bus.from, place)).or_default();
                net.left.extend([top(item) + bus.port, top(item) + down]);
            }
        }
    }
    let mut by_channel: BTreeMap<usize, Vec<Net>> = BTreeMap::new();
    for ((channel, bus), mut net) in by_bus {
        net.bus = bus;
        by_channel.entry(channel).or_default().push(net);
    }
    by_channel
}

/// What it costs to have `before` on the left of `after`: crossings, and lines that would lie on each other.
fn cost(before: &Net, after: &Net) -> usize {
    let within = |height: i64, net: &Net| {
        let (top, bottom) = net.span();
        usize::from(top <= height && height <= bottom)
    };
    let crossed: usize = after.left.iter().map(|height| within(*height, before)).sum::<usize>()
        + before.right.iter().map(|height| within(*height, after)).sum::<usize>();
    let hidden = before
        .right
        .iter()
        .flat_map(|right| after.left.iter().map(move |left| (left - right).abs()))
        .filter(|apart| *apart < CLEAR)
        .count();
    crossed + 40 * hidden
}

/// Orders the nets of a channel from left to right by swapping neighbours while it helps.
fn sort(nets: &mut [Net]) {
    nets.sort_by_key(Net::span);
    for _ in 0..nets.len() {
        let mut swapped = false;
        for right in 1..nets.len() {
            if let Some([before, after]) = nets.get(right - 1..=right)
                && cost(after, before) < cost(before, after)
            {
                nets.swap(right - 1, right);
                swapped = true;
            }
        }
        if !swapped {
            break;
        }
    }
}

/// The track of each net, counted from the left, and how many tracks there are. Nets that do not meet may share one.
fn levels(nets: &[Net]) -> (Vec<i64>, i64) {
    let mut levels: Vec<i64> = Vec::with_capacity(nets.len());
    let mut number = 0;
    for (place, net) in nets.iter().enumerate() {
        let (top, bottom) = net.span();
        let meets = |other: &Net| {
            let (other_top, other_bottom) = other.span();
            !other.is_straight() && top < other_bottom + CLEAR && other_top < bottom + CLEAR
        };
        let level = nets
            .iter()
            .zip(&levels)
            .take(place)
            .filter(|(other, _)| !net.is_straight() && meets(other))
            .map(|(_, level)| level + 1)
            .max()
            .unwrap_or(0);
        if !net.is_straight() {
            number = number.max(level + 1);
        }
        levels.push(level);
    }
    (levels, number)
}
