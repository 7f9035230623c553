//! The grammar of an expression: operators by how they bind, functions, brackets.

use super::words::{Token, Word};
use crate::ir::rules::{Cond, Kind, Measure, Op};

/// What was written behind `msg:`.
pub(super) enum Message {
    None,
    Text(String),
    NotHad(usize, usize),
}

/// Why an expression is not read.
pub(super) struct Fail {
    pub(super) why: String,
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) kind: Wrong,
}

pub(super) enum Wrong {
    Syntax,
    NotHad,
    Type,
    Pattern,
}

/// A condition, and what it is where the field is absent.
pub(super) struct Truth {
    pub(super) holds: Cond,
    pub(super) absent: bool,
}

impl Truth {
    pub(super) fn constant(value: bool) -> Self {
        Self { holds: Cond::Constant(value), absent: value }
    }
}

/// A part of an expression.
pub(super) enum Operand {
    /// `$`.
    Value,
    /// `len($)`, `mblen($)`.
    Measure(Measure),
    Number(f64),
    Text(String),
    Truth(Truth),
    Nil,
}

pub(super) type Parsed<T> = Result<T, Fail>;

pub(super) struct Parser<'a> {
    tokens: &'a [Token],
    at: usize,
    /// The kind of the field's value.
    pub(super) kind: &'a Kind,
    /// The numbers of its type, where they are whole.
    pub(super) range: (i128, i128),
    end: usize,
    depth: usize,
}

/// How deep brackets may nest.
const DEPTH: usize = 50;

impl<'a> Parser<'a> {
    /// A parser of the words of a text that is `end` bytes long.
    pub(super) fn new(tokens: &'a [Token], end: usize, kind: &'a Kind, range: (i128, i128)) -> Self {
        Self { tokens, at: 0, kind, range, end, depth: 0 }
    }

    /// The whole annotation: the condition, where it ends, the message.
    pub(super) fn whole(&mut self) -> Parsed<(Truth, usize, Message)> {
        if self.eat("@") {
            self.need(":")?;
        } else if let [Token { kind: Word::Name(_), .. }, Token { kind: Word::Mark(":"), .. }, ..] = self.tokens {
            return Err(self.fail(Wrong::NotHad, "named expressions are not had"));
        } else if let [Token { kind: Word::Mark("?" | "-"), .. }] = self.tokens {
            // About what is inside of an absent or of any struct: there is no expression.
            return Ok((Truth::constant(true), 0, Message::None));
        }
        let operand = self.or()?;
        let truth = self.truth(operand)?;
        let written = self.tokens.get(self.at).map_or(self.end, |it| it.start);
        if !self.eat(";") || self.at == self.tokens.len() {
            return if self.at == self.tokens.len() {
                Ok((truth, written, Message::None))
            } else {
                Err(self.fail(Wrong::Syntax, "an operator, `;` or the end is expected"))
            };
        }
        if self.name().as_deref() != Some("msg") {
            self.at = self.at.saturating_sub(1);
            return Err(self.fail(Wrong::Syntax, "`msg:` is expected"));
        }
        self.need(":")?;
        let message = match (self.tokens.get(self.at), self.tokens.get(self.at + 1)) {
            (Some(Token { kind: Word::Text(text), .. }), None) => Message::Text(text.clone()),
            (Some(token), _) => Message::NotHad(token.start, self.end),
            (None, _) => return Err(self.fail(Wrong::Syntax, "a text is expected")),
        };
        Ok((truth, written, message))
    }

    fn or(&mut self) -> Parsed<Operand> {
        self.joined("||", Self::and, false)
    }

    fn and(&mut self) -> Parsed<Operand> {
        self.joined("&&", |it| it.compared(&["==", "!="]), true)
    }

    fn joined(&mut self, mark: &str, part: fn(&mut Self) -> Parsed<Operand>, all: bool) -> Parsed<Operand> {
        let first = part(self)?;
        if !self.sees(mark) {
            return Ok(first);
        }
        let mut truths = vec![self.truth(first)?];
        while self.eat(mark) {
            let next = part(self)?;
            truths.push(self.truth(next)?);
        }
        let absent = if all { truths.iter().all(|it| it.absent) } else { truths.iter().any(|it| it.absent) };
        let holds = united(truths.into_iter().map(|it| it.holds), all);
        Ok(Operand::Truth(Truth { holds, absent }))
    }

    /// Comparisons; those of order bind closer than equality.
    fn compared(&mut self, marks: &[&str]) -> Parsed<Operand> {
        const ORDER: &[&str] = &["<=", ">=", "<", ">"];
        let order = marks == ORDER;
        let mut left = if order { self.unary()? } else { self.compared(ORDER)? };
        while let Some(mark) = marks.iter().find(|it| self.sees(it)) {
            let from = self.at;
            self.at += 1;
            let right = if order { self.unary()? } else { self.compared(ORDER)? };
            let op = match *mark {
                "==" => Op::Eq,
                "!=" => Op::Ne,
                "<" => Op::Lt,
                "<=" => Op::Lte,
                ">" => Op::Gt,
                _ => Op::Gte,
            };
            let after = std::mem::replace(&mut self.at, from);
            let truth = self.compare(op, left, right)?;
            self.at = after;
            left = Operand::Truth(truth);
        }
        Ok(left)
    }

    fn unary(&mut self) -> Parsed<Operand> {
        if self.depth == DEPTH {
            return Err(self.fail(Wrong::Syntax, "it is nested too deep"));
        }
        self.depth += 1;
        let operand = self.unary_within();
        self.depth -= 1;
        for mark in ["+", "-", "*", "/", "%"] {
            if operand.is_ok() && self.sees(mark) {
                return Err(self.fail(Wrong::NotHad, "calculations are not had"));
            }
        }
        operand
    }

    fn unary_within(&mut self) -> Parsed<Operand> {
        if self.eat("!") {
            let operand = self.unary()?;
            let Truth { holds, absent } = self.truth(operand)?;
            let holds = negated(holds);
            return Ok(Operand::Truth(Truth { holds, absent: !absent }));
        }
        if self.eat("-") {
            return match self.unary()? {
                Operand::Number(number) => Ok(Operand::Number(-number)),
                _ => Err(self.before(Wrong::NotHad, "calculations are not had")),
            };
        }
        self.primary()
    }

    fn primary(&mut self) -> Parsed<Operand> {
        if self.eat("(") {
            let other = matches!(self.tokens.get(self.at + 1..), Some([close, dollar, ..])
                if close.kind == Word::Mark(")") && dollar.kind == Word::Mark("$"));
            if other {
                return Err(self.fail(Wrong::NotHad, "other fields cannot be referred to"));
            }
            let inner = self.or()?;
            self.need(")")?;
            return Ok(inner);
        }
        if self.eat("$") {
            if self.sees("[") || self.sees(".") {
                return Err(self.fail(Wrong::NotHad, "parts of a value cannot be referred to"));
            }
            return Ok(Operand::Value);
        }
        let Some(token) = self.tokens.get(self.at) else {
            return Err(self.fail(Wrong::Syntax, "a value is expected"));
        };
        let operand = match &token.kind {
            Word::Number(number) => Operand::Number(*number),
            Word::Text(text) => Operand::Text(text.clone()),
            Word::Name(name) => match name.as_str() {
                "true" => Operand::Truth(Truth::constant(true)),
                "false" => Operand::Truth(Truth::constant(false)),
                "nil" => Operand::Nil,
                _ => return self.function(name),
            },
            Word::Mark(_) => return Err(self.fail(Wrong::Syntax, "a value is expected")),
        };
        self.at += 1;
        Ok(operand)
    }

    fn function(&mut self, name: &str) -> Parsed<Operand> {
        let from = self.at;
        if !["len", "mblen", "in", "regexp"].contains(&name) {
            return Err(self.fail(Wrong::NotHad, &format!("the function `{name}` is not had")));
        }
        self.at += 1;
        self.need("(")?;
        let mut arguments = vec![self.or()?];
        while self.eat(",") {
            arguments.push(self.or()?);
        }
        self.need(")")?;
        let after = std::mem::replace(&mut self.at, from);
        let operand = match (name, arguments.as_slice()) {
            ("len" | "mblen", [Operand::Value]) => self.measure(name)?,
            ("regexp", [Operand::Text(pattern)] | [Operand::Text(pattern), Operand::Value]) => self.pattern(pattern)?,
            ("in", [value, list @ ..]) if !list.is_empty() => Operand::Truth(self.one_of(value, list)?),
            _ => return Err(self.fail(Wrong::NotHad, &format!("`{name}` is not had with these arguments"))),
        };
        self.at = after;
        Ok(operand)
    }

    fn sees(&self, mark: &str) -> bool {
        self.tokens.get(self.at).is_some_and(|it| matches!(it.kind, Word::Mark(own) if own == mark))
    }

    fn eat(&mut self, mark: &str) -> bool {
        let seen = self.sees(mark);
        self.at += usize::from(seen);
        seen
    }

    fn need(&mut self, mark: &str) -> Parsed<()> {
        if self.eat(mark) { Ok(()) } else { Err(self.fail(Wrong::Syntax, &format!("`{mark}` is expected"))) }
    }

    fn name(&mut self) -> Option<String> {
        let Some(Token { kind: Word::Name(name), .. }) = self.tokens.get(self.at) else { return None };
        self.at += 1;
        Some(name.clone())
    }

    /// A failure at the present word.
    pub(super) fn fail(&self, kind: Wrong, why: &str) -> Fail {
        let (start, end) = self.tokens.get(self.at).map_or((self.end, self.end), |it| (it.start, it.end));
        Fail { why: why.to_owned(), start, end, kind }
    }

    /// A failure at the word before.
    pub(super) fn before(&self, kind: Wrong, why: &str) -> Fail {
        let (start, end) = self.tokens.get(self.at.saturating_sub(1)).map_or((0, self.end), |it| (it.start, it.end));
        Fail { why: why.to_owned(), start, end, kind }
    }
}

/// All of several conditions, or one of them. What is always (or never) so does not matter beside others.
fn united(conditions: impl Iterator<Item = Cond>, all: bool) -> Cond {
    let mut parts: Vec<Cond> = Vec::new();
    for condition in conditions {
        if condition == Cond::Constant(!all) || parts.contains(&negated(condition.clone())) {
            return Cond::Constant(!all);
        }
        if condition != Cond::Constant(all) && !parts.contains(&condition) {
            parts.push(condition);
        }
    }
    match parts.len() {
        0 | 1 => parts.pop().unwrap_or(Cond::Constant(all)),
        _ if all => Cond::All(parts),
        _ => Cond::Any(parts),
    }
}

/// The opposite of a condition. That of an order stays its opposite: NaN is neither less nor not less.
fn negated(condition: Cond) -> Cond {
    match condition {
        Cond::Constant(value) => Cond::Constant(!value),
        Cond::Not(inner) => *inner,
        Cond::Compare(what, Op::Eq, number) => Cond::Compare(what, Op::Ne, number),
        Cond::Compare(what, Op::Ne, number) => Cond::Compare(what, Op::Eq, number),
        Cond::All(parts) => Cond::Any(parts.into_iter().map(negated).collect()),
        Cond::Any(parts) => Cond::All(parts.into_iter().map(negated).collect()),
        other => Cond::Not(Box::new(other)),
    }
}
