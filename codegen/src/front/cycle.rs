//! Circles of includes.

use crate::{
    diag::{Diagnostic, catalogue::source as say},
    ir::draft::File,
    source::SourceMap,
};

/// More circles than this are not reported.
const MOST_CIRCLES: usize = 16;
/// Longer circles are shown with their middle left out.
const MOST_NAMES: usize = 16;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    New,
    Open,
    Done,
}

/// One finding for each include that closes a circle. The walk keeps its own stack: chains of
/// includes are as long as the user likes.
pub(super) fn find(files: &[File], sources: &SourceMap) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    let mut marks = vec![Mark::New; files.len()];
    for start in 0..files.len() {
        if marks[start] == Mark::New {
            walk(start, files, sources, &mut marks, &mut findings);
        }
    }
    findings.truncate(MOST_CIRCLES);
    findings
}

fn walk(start: usize, files: &[File], sources: &SourceMap, marks: &mut [Mark], found: &mut Vec<Diagnostic>) {
    let mut stack = vec![(start, 0)];
    marks[start] = Mark::Open;
    while let Some((at, next)) = stack.last_mut() {
        let Some(include) = files[*at].includes.get(*next) else {
            marks[*at] = Mark::Done;
            stack.pop();
            continue;
        };
        *next += 1;
        match marks[include.file] {
            Mark::New => {
                marks[include.file] = Mark::Open;
                stack.push((include.file, 0));
            }
            Mark::Open if found.len() < MOST_CIRCLES => {
                let way = stack.iter().map(|it| it.0).skip_while(|it| *it != include.file);
                let way = way.chain([include.file]).map(|it| sources.path(files[it].id));
                found.push(say::include_cycle(&shortened(way.collect()), include.path.span));
            }
            Mark::Open | Mark::Done => {}
        }
    }
}

fn shortened(mut names: Vec<&str>) -> Vec<String> {
    if names.len() > MOST_NAMES {
        let half = MOST_NAMES / 2;
        names.splice(half..names.len() - half, ["…"]);
    }
    names.into_iter().map(str::to_owned).collect()
}
