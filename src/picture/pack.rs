//! Puts rectangles side by side and below each other, each as high up as it goes: connected sets first, then the tables
//! that stand alone, which so form a grid.

/// Room between two rectangles.
const GAP: i64 = 36;

/// The places of rectangles of these sizes, in their order, within a width that looks well, and the size of it all.
pub(super) fn pack(sizes: &[(i64, i64)]) -> (Vec<(i64, i64)>, (i64, i64)) {
    let area: i64 = sizes.iter().map(|(width, height)| (width + GAP) * (height + GAP)).sum();
    let widest = sizes.iter().map(|(width, _)| width + GAP).max().unwrap_or(0);
    let room = widest.max((area * 17 / 10).isqrt());
    let mut line = vec![Ledge { left: 0, width: room, height: 0 }];
    let mut places = Vec::with_capacity(sizes.len());
    let mut whole = (0, 0);
    for (width, height) in sizes {
        let (left, top) = highest(&line, width + GAP, room);
        places.push((left, top));
        whole = (whole.0.max(left + width), whole.1.max(top + height));
        line = raise(&line, left, width + GAP, top + height + GAP);
    }
    (places, whole)
}

/// A stretch of the lower edge of what has been placed.
#[derive(Clone, Copy)]
struct Ledge {
    left: i64,
    width: i64,
    height: i64,
}

impl Ledge {
    fn right(self) -> i64 {
        self.left + self.width
    }
}

/// The highest place that is wide enough, the leftmost of several.
fn highest(line: &[Ledge], width: i64, room: i64) -> (i64, i64) {
    let top_at = |left: i64| {
        let under = line.iter().filter(|ledge| ledge.left < left + width && left < ledge.right());
        under.map(|ledge| ledge.height).max().unwrap_or(0)
    };
    let places = line.iter().map(|ledge| ledge.left).filter(|left| left + width <= room);
    places.map(|left| (top_at(left), left)).min().map_or((0, 0), |(top, left)| (left, top))
}

fn raise(line: &[Ledge], left: i64, width: i64, height: i64) -> Vec<Ledge> {
    let right = left + width;
    let mut raised = Vec::with_capacity(line.len() + 2);
    for ledge in line {
        if ledge.left < left {
            raised.push(Ledge { width: ledge.right().min(left) - ledge.left, ..*ledge });
        }
        if ledge.right() > right {
            let start = ledge.left.max(right);
            raised.push(Ledge { left: start, width: ledge.right() - start, ..*ledge });
        }
    }
    raised.push(Ledge { left, width, height });
    raised.sort_by_key(|ledge| ledge.left);
    raised
}
