//! A picture of panels above each other with one axis of time, as SVG that is readable on light and dark pages.

use std::fmt::Write;

/// A line of a panel.
pub(super) struct Line {
    pub(super) name: String,
    pub(super) colour: usize,
    /// Seconds and values; a gap where there is no value.
    pub(super) points: Vec<(f64, Option<f64>)>,
    /// Whether values hold until the next one.
    pub(super) steps: bool,
}

/// Lines with one axis.
pub(super) struct Panel {
    pub(super) title: &'static str,
    pub(super) lines: Vec<Line>,
    /// Whether the axis is logarithmic.
    pub(super) decades: bool,
}

/// A moment at which something was done.
pub(super) struct Mark {
    pub(super) at: f64,
    pub(super) text: &'static str,
}

const WIDTH: f64 = 860.0;
const LEFT: f64 = 56.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 30.0;
/// A panel with its title, and the part of it that is drawn on.
const PANEL: f64 = 142.0;
const TITLE: f64 = 24.0;
const PLOT: f64 = 100.0;

const STYLE: &str = "\
svg { font: 12px system-ui, sans-serif; }
.page { fill: #ffffff; } text { fill: #1f2328; } .small { fill: #59636e; font-size: 11px; }
.grid { stroke: #d1d9e0; stroke-width: 1; } .mark { stroke: #59636e; stroke-width: 1; stroke-dasharray: 4 3; }
path { fill: none; stroke-width: 1.6; stroke-linejoin: round; }
.c0 { stroke: #0969da; } .c1 { stroke: #bc4c00; } .c2 { stroke: #1a7f37; } .c3 { stroke: #cf222e; }
@media (prefers-color-scheme: dark) {
.page { fill: #0d1117; } text { fill: #e6edf3; } .small { fill: #9198a1; }
.grid { stroke: #30363d; } .mark { stroke: #9198a1; }
.c0 { stroke: #58a6ff; } .c1 { stroke: #f0883e; } .c2 { stroke: #3fb950; } .c3 { stroke: #ff7b72; }
}";

/// How values become heights.
struct Axis {
    low: f64,
    high: f64,
    decades: bool,
}

impl Axis {
    fn of(panel: &Panel) -> Self {
        let values = || panel.lines.iter().flat_map(|line| &line.points).filter_map(|(_, value)| *value);
        let most = values().fold(0.0, f64::max);
        if panel.decades {
            let least = values().filter(|value| *value > 0.0).fold(f64::INFINITY, f64::min).min(1.0);
            // A time in the first bucket lies a little below its end.
            let (low, high) = ((least * 1.05).log10().floor(), most.max(1.0).log10().ceil());
            return Self { low, high: high.max(low + 1.0), decades: true };
        }
        Self { low: 0.0, high: step(most) * (most / step(most)).ceil().max(1.0), decades: false }
    }

    /// From 0 at the bottom to 1 at the top.
    fn share(&self, value: f64) -> f64 {
        let value = if self.decades { value.max(f64::MIN_POSITIVE).log10() } else { value };
        ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0)
    }

    /// The values that are written beside it.
    fn values(&self) -> Vec<f64> {
        let step = if self.decades { 1.0 } else { step(self.high) };
        let values = (0..)
            .map(|number| self.low + step * f64::from(number))
            .take_while(|value| *value <= self.high + step / 100.0);
        values.map(|value| if self.decades { 10_f64.powf(value) } else { value }).collect()
    }
}

/// 1, 2 or 5 of a power of ten, so that an axis has two to five of it.
fn step(most: f64) -> f64 {
    let power = 10_f64.powf(most.max(1.0).log10().floor());
    let steps = [0.2, 0.5, 1.0, 2.0].map(|share| share * power);
    steps.into_iter().find(|step| most / step <= 5.0).unwrap_or(power).max(1.0)
}

struct Time(f64);

impl Time {
    fn x(&self, at: f64) -> f64 {
        LEFT + (WIDTH - LEFT - RIGHT) * (at / self.0).clamp(0.0, 1.0)
    }
}

/// The picture.
pub(super) fn picture(panels: &[Panel], marks: &[Mark]) -> String {
    let points = panels.iter().flat_map(|panel| &panel.lines).flat_map(|line| &line.points);
    let time = Time(points.map(|(at, _)| *at).fold(1.0, f64::max));
    let bottom = TOP + PANEL * panels.len() as f64;
    let height = bottom + 24.0;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\">\n\
         <title>Metrics of a client and three servers under faults</title>\n<style>\n{STYLE}\n</style>\n\
         <rect class=\"page\" width=\"{WIDTH}\" height=\"{height}\"/>\n"
    );
    for (number, panel) in panels.iter().enumerate() {
        draw(&mut out, panel, TOP + PANEL * number as f64, &time);
    }
    for Mark { at, text } in marks {
        let x = time.x(*at);
        put(&mut out, format_args!("<path class=\"mark\" d=\"M{x:.1} {TOP}V{bottom}\"/>\n"));
        put(&mut out, format_args!("<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{text}</text>\n", TOP - 8.0));
    }
    for at in (0..).map(|number| f64::from(number) * 5.0).take_while(|at| *at <= time.0) {
        let (x, y) = (time.x(at), bottom + 12.0);
        put(
            &mut out,
            format_args!("<text class=\"small\" x=\"{x:.1}\" y=\"{y}\" text-anchor=\"middle\">{at} s</text>\n"),
        );
    }
    out.push_str("</svg>\n");
    out
}

fn draw(out: &mut String, panel: &Panel, top: f64, time: &Time) {
    let (axis, title, bottom) = (Axis::of(panel), top + TITLE - 8.0, top + TITLE + PLOT);
    let y = |value: f64| bottom - PLOT * axis.share(value);
    put(out, format_args!("<text x=\"{LEFT}\" y=\"{title}\" font-weight=\"600\">{}</text>\n", panel.title));
    let mut place = WIDTH - RIGHT;
    for line in panel.lines.iter().rev() {
        let (name, colour) = (&line.name, line.colour);
        // Some 6 units for each letter of this size.
        place -= 6.0 * name.chars().count() as f64;
        put(out, format_args!("<text class=\"small\" x=\"{place:.0}\" y=\"{title}\">{name}</text>\n"));
        put(out, format_args!("<path class=\"c{colour}\" d=\"M{:.0} {:.0}h16\"/>\n", place - 22.0, title - 4.0));
        place -= 34.0;
    }
    for value in axis.values() {
        let (y, end, at) = (y(value), WIDTH - RIGHT, LEFT - 8.0);
        put(out, format_args!("<path class=\"grid\" d=\"M{LEFT} {y:.1}H{end}\"/>\n"));
        put(
            out,
            format_args!(
                "<text class=\"small\" x=\"{at}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>\n",
                y + 4.0,
                number(value)
            ),
        );
    }
    for line in &panel.lines {
        let mut path = String::new();
        let mut drawn = false;
        for (at, value) in &line.points {
            let Some(value) = value else {
                drawn = false;
                continue;
            };
            let (x, y) = (time.x(*at), y(*value));
            match (drawn, line.steps) {
                (false, _) => put(&mut path, format_args!("M{x:.1} {y:.1}")),
                (true, true) => put(&mut path, format_args!("H{x:.1}V{y:.1}")),
                (true, false) => put(&mut path, format_args!("L{x:.1} {y:.1}")),
            }
            drawn = true;
        }
        put(out, format_args!("<path class=\"c{}\" d=\"{path}\"/>\n", line.colour));
    }
}

/// A number without the noise of arithmetic.
fn number(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Writing to a text cannot fail.
fn put(out: &mut String, text: std::fmt::Arguments<'_>) {
    let _ = out.write_fmt(text);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_have_a_few_round_values() {
        let panel = |most, decades| Panel {
            title: "",
            lines: vec![Line {
                name: String::new(),
                colour: 0,
                points: vec![(0.0, Some(most)), (1.0, None)],
                steps: false,
            }],
            decades,
        };
        let values = |most, decades| Axis::of(&panel(most, decades)).values();
        assert_eq!(values(512.0, false), [0.0, 200.0, 400.0, 600.0]);
        assert_eq!(values(3.0, false), [0.0, 1.0, 2.0, 3.0]);
        assert_eq!(values(0.0, false), [0.0, 1.0]);
        assert_eq!(values(30.0, true).iter().map(|value| number(*value)).collect::<Vec<_>>(), ["1", "10", "100"]);
    }

    #[test]
    fn a_gap_ends_a_line_and_steps_hold_their_value() {
        let points = vec![(0.0, Some(0.0)), (1.0, Some(1.0)), (2.0, None), (4.0, Some(1.0))];
        let line = |steps| Line { name: "x".to_owned(), colour: 0, points: points.clone(), steps };
        let lines = vec![line(false), line(true)];
        let text = picture(&[Panel { title: "t", lines, decades: false }], &[Mark { at: 2.0, text: "done" }]);
        for path in ["M56.0 154.0L253.0 54.0M844.0 54.0", "M56.0 154.0H253.0V54.0M844.0 54.0", "M450.0 30V172"] {
            assert!(text.contains(&format!("d=\"{path}\"")), "{path} is not in {text}");
        }
    }
}
