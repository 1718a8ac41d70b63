//! Writes a layout as SVG. Classes only: neither `style` attributes nor a style element, see `static/picture.css`.

use super::cards::{Card, HEAD, Link, Mark, ROW, TAIL, length, middle};
use super::grid::Side;
use super::layout::{Frame, Layout};
use super::route::Wire;
use super::text::{Font, add, count, escape, percent, width};
use super::{Options, anchor};
use std::collections::{BTreeMap, BTreeSet};

/// Empty room around the diagram.
const MARGIN: i64 = 16;
/// Radius of boxes' and lines' corners.
const ROUND: i64 = 7;
const LEGEND_ROW: i64 = 26;

const KEY: &str =
    "M0-3.2a3.2 3.2 0 1 0 0 6.4a3.2 3.2 0 0 0 3-2.2h2.2v2h2v-2h1.3v-2h-5.5a3.2 3.2 0 0 0-3-2.2z";
const LINK: &str = "M-2.5 0h7M1.5-3l3 3-3 3";

/// The whole `<svg>` element.
pub(super) fn write(cards: &[Card], links: &[Link], layout: &Layout, options: &Options) -> String {
    let legend = legend(cards, links, options, layout.width.max(420));
    let inner_width = layout.width.max(legend.width);
    let legend_top = if cards.is_empty() { 0 } else { layout.height + 30 };
    let full = (inner_width + 2 * MARGIN, legend_top + legend.height + 2 * MARGIN);
    let id = escape(&options.id);
    let mut svg = format!(
        "<svg class=\"er\" xmlns=\"http://www.w3.org/2000/svg\" role=\"group\" aria-labelledby=\"{id}-title\" \
         aria-describedby=\"{id}-desc\" width=\"{0}\" height=\"{1}\" viewBox=\"-{MARGIN} -{MARGIN} {0} {1}\">\
         <title id=\"{id}-title\">{2}</title><desc id=\"{id}-desc\">{3}</desc>",
        full.0,
        full.1,
        escape(&options.title),
        describe(cards, links),
    );
    // One module alone needs no ground to tell it from others.
    let tints: BTreeSet<usize> = cards.iter().filter_map(|card| card.tint).collect();
    if tints.len() > 1 && !layout.regions.is_empty() {
        svg.push_str("<g aria-hidden=\"true\">");
        for (tint, Frame { left, top, width, height }) in &layout.regions {
            add(
                &mut svg,
                format_args!(
                    "<rect class=\"er-region er-group-{tint}\" x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{height}\" rx=\"10\"/>"
                ),
            );
        }
        svg.push_str("</g>");
    }
    svg.push_str("<g class=\"er-lines\" aria-hidden=\"true\">");
    for (number, link) in links.iter().enumerate() {
        if let Some(wire) = layout.wires.get(&number) {
            let tint = cards.get(link.parent).and_then(|card| card.tint);
            line(&mut svg, link, wire, tint);
        }
    }
    parent_signs(&mut svg, cards, links, layout);
    svg.push_str("</g>");
    for (card, frame) in cards.iter().zip(&layout.frames) {
        table(&mut svg, card, *frame, options);
    }
    if !legend.markup.is_empty() {
        add(
            &mut svg,
            format_args!(
                "<g class=\"er-legend\" aria-hidden=\"true\" transform=\"translate(0 {legend_top})\">"
            ),
        );
        svg.push_str(&legend.markup);
        svg.push_str("</g>");
    }
    svg.push_str("</svg>");
    svg
}

fn describe(cards: &[Card], links: &[Link]) -> String {
    if cards.is_empty() {
        return "There are no tables.".to_owned();
    }
    format!(
        "{} and {}. Each table is a link to its description.",
        count(cards.iter().filter(|card| !card.missing).count(), "table"),
        count(links.len(), "relation")
    )
}

fn tint_class(tint: Option<usize>) -> String {
    tint.map_or_else(String::new, |tint| format!(" er-group-{tint}"))
}

fn table(svg: &mut String, card: &Card, frame: Frame, options: &Options) {
    let mut class = format!("er-table{}", tint_class(card.tint));
    if card.missing {
        class.push_str(" er-missing");
    }
    if card.own {
        class.push_str(" er-own");
    }
    if card.beside {
        class.push_str(" er-beside");
    }
    let (open, close) = if card.missing {
        (format!("<g class=\"{class}\""), "</g>")
    } else {
        let (base, name) = (escape(&options.base), percent(&anchor(&card.table)));
        (format!("<a class=\"{class}\" href=\"{base}#{name}\""), "</a>")
    };
    let Frame { left, top, width, height } = frame;
    add(
        svg,
        format_args!("{open} transform=\"translate({left} {top})\"><title>{}</title>", escape(&card.tooltip)),
    );
    add(svg, format_args!("<rect class=\"er-box\" width=\"{width}\" height=\"{height}\" rx=\"{ROUND}\"/>"));
    let side = HEAD - ROUND;
    add(
        svg,
        format_args!(
            "<path class=\"er-head\" d=\"M0 {HEAD}v-{side}a{ROUND} {ROUND} 0 0 1 {ROUND}-{ROUND}h{}a{ROUND} {ROUND} 0 0 1 {ROUND} {ROUND}v{side}z\"/>",
            width - 2 * ROUND
        ),
    );
    add(svg, format_args!("<text class=\"er-name\" x=\"12\" y=\"21\">{}</text>", escape(&card.title)));
    svg.push_str("<g class=\"er-cols\" aria-hidden=\"true\">");
    if card.own {
        add(svg, format_args!("<text class=\"er-badge\" x=\"{}\" y=\"20\">own</text>", width - 12));
    }
    for (place, row) in card.rows.iter().enumerate() {
        let at = middle(Some(place));
        let mut class = "er-col".to_owned();
        if row.is(Mark::Key) {
            class.push_str(" er-pk");
        }
        if row.is(Mark::Own) {
            class.push_str(" er-own");
        }
        add(
            svg,
            format_args!(
                "<g class=\"{class}\" transform=\"translate(0 {at})\"><title>{}</title>",
                escape(&row.tooltip)
            ),
        );
        add(
            svg,
            format_args!(
                "<rect class=\"er-row\" x=\"1\" y=\"-{}\" width=\"{}\" height=\"{ROW}\"/>",
                ROW / 2,
                width - 2
            ),
        );
        if row.is(Mark::Key) {
            add(svg, format_args!("<path class=\"er-key\" transform=\"translate(13 0)\" d=\"{KEY}\"/>"));
        }
        if row.is(Mark::Link) {
            let x = if row.is(Mark::Key) { 30 } else { 14 };
            add(svg, format_args!("<path class=\"er-link\" transform=\"translate({x} 0)\" d=\"{LINK}\"/>"));
        }
        add(
            svg,
            format_args!(
                "<text class=\"er-field\" x=\"{}\" y=\"4\">{}</text>",
                card.name_at,
                escape(&row.name)
            ),
        );
        add(
            svg,
            format_args!("<text class=\"er-type\" x=\"{}\" y=\"4\">{}</text>", width - TAIL, escape(&row.ty)),
        );
        if row.is(Mark::Nullable) {
            add(svg, format_args!("<circle class=\"er-null\" cx=\"{}\" r=\"3\"/>", width - 13));
        }
        svg.push_str("</g>");
    }
    if let Some(remark) = &card.remark {
        let at = HEAD + ROW * length(card.rows.len()) + ROW / 2 + 4;
        add(
            svg,
            format_args!(
                "<text class=\"er-more\" x=\"{}\" y=\"{at}\">{}</text>",
                card.name_at,
                escape(remark)
            ),
        );
    }
    svg.push_str("</g>");
    svg.push_str(close);
}

/// A link's line with the sign at the child's end.
fn line(svg: &mut String, link: &Link, wire: &Wire, tint: Option<usize>) {
    let optional = if link.optional { " er-optional" } else { "" };
    let path = path(&wire.points);
    add(
        svg,
        format_args!(
            "<g class=\"er-line{optional}{}\"><title>{}</title><path class=\"er-reach\" d=\"{path}\"/><path class=\"er-wire\" d=\"{path}\"/>",
            tint_class(tint),
            escape(&link.tooltip)
        ),
    );
    if let Some(end) = wire.points.last() {
        let sign = if link.single { bar(*end, wire.child_side, 7) } else { foot(*end, wire.child_side) };
        add(svg, format_args!("<path class=\"er-sign\" d=\"{sign}\"/>"));
        circle(svg, *end, wire.child_side);
    }
    svg.push_str("</g>");
}

/// Where lines meet a parent: the side, whether their children may have no parent, the parent's tint.
type ParentEnd = (Side, BTreeSet<bool>, Option<usize>);

/// The signs at the parents' ends, one where several lines share the end: one, at most one, or one or none.
fn parent_signs(svg: &mut String, cards: &[Card], links: &[Link], layout: &Layout) {
    let mut ends: BTreeMap<(i64, i64), ParentEnd> = BTreeMap::new();
    for (number, link) in links.iter().enumerate() {
        let Some(wire) = layout.wires.get(&number) else {
            continue;
        };
        let Some(end) = wire.points.first() else { continue };
        let tint = cards.get(link.parent).and_then(|card| card.tint);
        ends.entry(*end).or_insert_with(|| (wire.parent_side, BTreeSet::new(), tint)).1.insert(link.optional);
    }
    for (end, (side, optional, tint)) in ends {
        add(
            svg,
            format_args!(
                "<g class=\"er-line{}\"><path class=\"er-sign\" d=\"{}",
                tint_class(tint),
                bar(end, side, 7)
            ),
        );
        if !optional.contains(&true) {
            svg.push_str(&bar(end, side, 11));
        }
        svg.push_str("\"/>");
        if !optional.contains(&false) {
            circle(svg, end, side);
        }
        svg.push_str("</g>");
    }
}

fn outwards(side: Side) -> i64 {
    match side {
        Side::Left => -1,
        Side::Right => 1,
    }
}

fn bar((x, y): (i64, i64), side: Side, away: i64) -> String {
    format!("M{} {}v10", x + outwards(side) * away, y - 5)
}

fn foot((x, y): (i64, i64), side: Side) -> String {
    let tip = x + outwards(side) * 11;
    format!("M{x} {}L{tip} {y}L{x} {}", y - 6, y + 6)
}

fn circle(svg: &mut String, (x, y): (i64, i64), side: Side) {
    add(
        svg,
        format_args!("<circle class=\"er-ring\" cx=\"{}\" cy=\"{y}\" r=\"3\"/>", x + outwards(side) * 14),
    );
}

/// A path along the points with rounded corners.
fn path(points: &[(i64, i64)]) -> String {
    let mut path = String::new();
    for (place, (x, y)) in points.iter().enumerate() {
        let before = place.checked_sub(1).and_then(|before| points.get(before));
        let after = points.get(place + 1);
        match (before, after) {
            (None, _) => add(&mut path, format_args!("M{x} {y}")),
            (Some(_), None) => add(&mut path, format_args!("L{x} {y}")),
            (Some(before), Some(after)) => {
                let (start, end) = (towards((*x, *y), *before), towards((*x, *y), *after));
                add(&mut path, format_args!("L{} {}Q{x} {y} {} {}", start.0, start.1, end.0, end.1));
            }
        }
    }
    path
}

/// The point on the way from a corner to its neighbour where the rounding starts.
fn towards(corner: (i64, i64), neighbour: (i64, i64)) -> (i64, i64) {
    let step = |from: i64, to: i64| (to - from).signum() * ((to - from).abs() / 2).min(ROUND);
    (corner.0 + step(corner.0, neighbour.0), corner.1 + step(corner.1, neighbour.1))
}

struct Legend {
    markup: String,
    width: i64,
    height: i64,
}

fn legend(cards: &[Card], links: &[Link], options: &Options, room: i64) -> Legend {
    let mut legend = Legend { markup: String::new(), width: 0, height: 0 };
    if !options.legend || cards.is_empty() {
        return legend;
    }
    let groups: BTreeSet<_> = cards.iter().filter_map(|card| options.groups.get(&card.table)).collect();
    let mut entries: Vec<(String, String)> = groups
        .into_iter()
        .map(|group| {
            let tint = tint_class(Some(group.index % super::TINTS + 1));
            let swatch = format!(
                "<rect class=\"er-swatch{tint}\" x=\"0\" y=\"-6\" width=\"12\" height=\"12\" rx=\"3\"/>"
            );
            (swatch, super::text::fit(&group.name, Font::Small, 240))
        })
        .collect();
    let rows = || cards.iter().flat_map(|card| &card.rows);
    if rows().any(|row| row.is(Mark::Key)) {
        entries.push((
            format!("<path class=\"er-key\" transform=\"translate(4 0)\" d=\"{KEY}\"/>"),
            "key".to_owned(),
        ));
    }
    if rows().any(|row| row.is(Mark::Link)) {
        let sign = format!("<path class=\"er-link\" transform=\"translate(4 0)\" d=\"{LINK}\"/>");
        entries.push((sign, "points to another table".to_owned()));
    }
    if rows().any(|row| row.is(Mark::Nullable)) {
        entries.push(("<circle class=\"er-null\" cx=\"6\" r=\"3\"/>".to_owned(), "may be empty".to_owned()));
    }
    if links.iter().any(|link| !link.single) {
        let sign = format!("<path class=\"er-sign\" d=\"M-4 0h12{}\"/>", foot((12, 0), Side::Left));
        entries.push((sign, "many".to_owned()));
    }
    if cards.iter().any(|card| card.own || card.rows.iter().any(|row| row.is(Mark::Own))) {
        let swatch =
            "<rect class=\"er-swatch er-own\" x=\"0\" y=\"-6\" width=\"12\" height=\"12\" rx=\"3\"/>";
        entries.push((swatch.to_owned(), "the tenant's own".to_owned()));
    }
    let (mut x, mut y) = (0, LEGEND_ROW / 2);
    for (sign, label) in entries {
        let wide = 18 + width(&label, Font::Small) * 9 / 10;
        if x > 0 && x + wide > room {
            x = 0;
            y += LEGEND_ROW;
        }
        add(
            &mut legend.markup,
            format_args!(
                "<g transform=\"translate({x} {y})\">{sign}<text class=\"er-label\" x=\"18\" y=\"4\">{}</text></g>",
                escape(&label)
            ),
        );
        legend.width = legend.width.max(x + wide);
        x += wide + 20;
    }
    if !legend.markup.is_empty() {
        legend.height = y + LEGEND_ROW / 2;
    }
    legend
}
