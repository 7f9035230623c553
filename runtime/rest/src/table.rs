//! Every route of a server in a tree of segments.
//!
//! Of the routes that a path fits the most specific one is taken, segment by segment: a literal before `*`, `*` before `**`, one
//! that ends with `:verb` before one that does not.

use std::collections::BTreeMap;

use crate::path::Path;
use kiteline_core::error::{Code, Error};
use kiteline_core::http_route::{HttpRoute, Segment};
use kiteline_core::router;

/// The routes of HTTP of all services.
#[derive(Debug, Default)]
pub struct Table {
    root: Node,
    routes: usize,
}

#[derive(Debug, Default)]
struct Node {
    literals: BTreeMap<&'static str, Node>,
    any: Option<Box<Node>>,
    /// Of paths that end here.
    leaves: Vec<Leaf>,
    /// Of paths that go on in any way.
    rest: Vec<Leaf>,
}

#[derive(Debug)]
struct Leaf {
    route: &'static HttpRoute,
    target: router::Route,
}

/// What is at a path.
#[derive(Debug)]
pub enum Found<'a> {
    /// A route.
    Route(Matched<'a>),
    /// Routes of other verbs, these.
    OtherVerbs(Vec<&'static str>),
    /// Nothing.
    Nothing,
}

/// A route that a request takes.
#[derive(Debug)]
pub struct Matched<'a> {
    /// The route.
    pub route: &'static HttpRoute,
    /// The method that it reaches.
    pub target: &'a router::Route,
    /// The fields that stand in the path, with their texts.
    pub variables: Variables,
}

/// Fields that stand in a path, with their texts.
pub type Variables = Vec<(&'static str, String)>;

impl Table {
    /// The routes of all methods.
    ///
    /// # Errors
    ///
    /// [`Code::FailedPrecondition`] where two methods have one verb and path.
    pub fn new<'a>(methods: impl Iterator<Item = &'a router::Route>) -> Result<Self, Error> {
        let mut table = Self::default();
        for target in methods.filter(|target| !target.method.kind.streams_requests()) {
            for route in target.method.routes {
                table.add(route, target)?;
            }
        }
        Ok(table)
    }

    /// Whether there is no route.
    pub fn is_empty(&self) -> bool {
        self.routes == 0
    }

    fn add(&mut self, route: &'static HttpRoute, target: &router::Route) -> Result<(), Error> {
        let mut node = &mut self.root;
        let mut goes_on = false;
        for segment in route.path {
            match segment {
                Segment::Literal(text) => node = node.literals.entry(text).or_default(),
                Segment::Any => node = node.any.get_or_insert_default(),
                Segment::Rest => goes_on = true,
            }
        }
        let leaves = if goes_on { &mut node.rest } else { &mut node.leaves };
        let same = |leaf: &&Leaf| leaf.route.verb == route.verb && leaf.route.ending == route.ending;
        if let Some(first) = leaves.iter().find(same) {
            let (first, second) = (first.target.method.path, target.method.path);
            let text = format!("{first} and {second} have one route: {}", shown(route));
            return Err(Error::new(Code::FailedPrecondition, text));
        }
        leaves.push(Leaf { route, target: target.clone() });
        // Those with an ending are looked at first.
        leaves.sort_by_key(|leaf| (leaf.route.ending.is_empty(), leaf.route.verb == "*"));
        self.routes += 1;
        Ok(())
    }

    /// The route of a verb and a path.
    pub fn find(&self, verb: &str, path: &Path<'_>) -> Found<'_> {
        let mut search = Search { verb, path, others: Vec::new() };
        match search.below(&self.root, 0) {
            Some(leaf) => match search.matched(leaf) {
                Some(matched) => Found::Route(matched),
                None => Found::Nothing,
            },
            None if search.others.is_empty() => Found::Nothing,
            None => {
                search.others.sort_unstable();
                search.others.dedup();
                Found::OtherVerbs(search.others)
            }
        }
    }
}

/// A route for people: `GET /v1/*:greet`.
fn shown(route: &HttpRoute) -> String {
    let segments = route.path.iter().map(|segment| match segment {
        Segment::Literal(text) => text,
        Segment::Any => "*",
        Segment::Rest => "**",
    });
    let path: Vec<_> = segments.collect();
    let colon = if route.ending.is_empty() { "" } else { ":" };
    format!("{} /{}{colon}{}", route.verb, path.join("/"), route.ending)
}

/// One search: at most every node is seen once.
struct Search<'a> {
    verb: &'a str,
    path: &'a Path<'a>,
    /// The verbs of routes that the path fits.
    others: Vec<&'static str>,
}

impl Search<'_> {
    fn below<'t>(&mut self, node: &'t Node, depth: usize) -> Option<&'t Leaf> {
        let Some(segment) = self.path.segment(depth) else {
            return self.leaf(&node.leaves, None).or_else(|| self.leaf(&node.rest, None));
        };
        let last = depth + 1 == self.path.len();
        // The last segment may be one with an ending: `7:greet` is `7` there.
        let cut = if last { segment.rsplit_once(':') } else { None };
        if let Some((text, ending)) = cut {
            let leaf = node.literals.get(text).and_then(|node| self.leaf(&node.leaves, Some(ending)));
            let any = || node.any.as_ref().filter(|_| !text.is_empty());
            let leaf = leaf.or_else(|| any().and_then(|node| self.leaf(&node.leaves, Some(ending))));
            if leaf.is_some() {
                return leaf;
            }
        }
        let literal = node.literals.get(segment).and_then(|node| self.below(node, depth + 1));
        let any = || node.any.as_ref().filter(|_| !segment.is_empty());
        let leaf = literal.or_else(|| any().and_then(|node| self.below(node, depth + 1)));
        leaf.or_else(|| self.rest(node))
    }

    /// A path that goes on in any way here, but not with an empty segment at its end.
    fn rest<'t>(&mut self, node: &'t Node) -> Option<&'t Leaf> {
        let last = self.path.segment(self.path.len().saturating_sub(1)).filter(|last| !last.is_empty())?;
        let ending = last.rsplit_once(':').map(|(_, ending)| ending);
        ending.and_then(|ending| self.leaf(&node.rest, Some(ending))).or_else(|| self.leaf(&node.rest, None))
    }

    /// The leaf of the verb, with this ending; a path with a colon fits those without an ending, too.
    fn leaf<'t>(&mut self, leaves: &'t [Leaf], ending: Option<&str>) -> Option<&'t Leaf> {
        for leaf in leaves.iter().filter(|leaf| leaf.route.ending == ending.unwrap_or_default()) {
            if leaf.route.verb == self.verb || leaf.route.verb == "*" || leaf.route.verb == "GET" && self.verb == "HEAD"
            {
                return Some(leaf);
            }
            self.others.push(leaf.route.verb);
        }
        None
    }

    fn matched<'t>(&self, leaf: &'t Leaf) -> Option<Matched<'t>> {
        let Leaf { route, target } = leaf;
        let variables = route.variables.iter().map(|variable| {
            // What is behind `**` is of any length.
            let rest = matches!(route.path.get(variable.end.wrapping_sub(1)), Some(Segment::Rest));
            let end = if rest { self.path.len() } else { variable.end };
            Some((variable.field, self.path.text(variable.first.min(end), end, route.ending)?))
        });
        Some(Matched { route, target, variables: variables.collect::<Option<_>>()? })
    }
}

#[cfg(test)]
mod tests;
