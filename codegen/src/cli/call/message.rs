//! What messages of both IDLs have in common on their way from JSON: the path to a value, numbers, names.

use codegen::diag::closest;

use super::fault::Fault;
use super::json::{Json, Kind, Member};

/// The way to a value: `req.items[2].name`.
pub(super) struct Path {
    parts: Vec<String>,
    /// What all of it is.
    whole: &'static str,
}

/// In a request.
impl Default for Path {
    fn default() -> Self {
        Self { parts: Vec::new(), whole: "the request" }
    }
}

impl Path {
    /// In an answer.
    pub(super) fn of_answer() -> Self {
        Self { whole: "the answer", ..Self::default() }
    }

    pub(super) fn field(&mut self, name: &str) {
        let dot = if self.parts.is_empty() { "" } else { "." };
        self.parts.push(format!("{dot}{name}"));
    }

    pub(super) fn item(&mut self, place: usize) {
        self.parts.push(format!("[{place}]"));
    }

    pub(super) fn key(&mut self, key: &str) {
        self.parts.push(format!("[\"{key}\"]"));
    }

    pub(super) fn up(&mut self) {
        self.parts.pop();
    }

    fn shown(&self) -> String {
        if self.parts.is_empty() { self.whole.to_owned() } else { format!("`{}`", self.parts.concat()) }
    }

    /// The fault that a value is of another type.
    pub(super) fn wrong(&self, json: &Json, ty: &str, write: &str) -> Fault {
        Fault::new(json.at.clone(), format!("{} is {ty}", self.shown())).advice(write).label(json.is())
    }

    /// The fault that a value cannot be.
    pub(super) fn fault(&self, json: &Json, why: &str) -> Fault {
        Fault::new(json.at.clone(), format!("{} {why}", self.shown()))
    }

    /// The fields of a message.
    pub(super) fn object<'a>(&self, json: &'a Json, ty: &str) -> Result<&'a [Member], Fault> {
        match &json.kind {
            Kind::Object(all) => Ok(all),
            _ => Err(self.wrong(json, ty, "an object, such as {}")),
        }
    }

    /// The items of a list.
    pub(super) fn list<'a>(&self, json: &'a Json, ty: &str) -> Result<&'a [Json], Fault> {
        match &json.kind {
            Kind::List(all) => Ok(all),
            _ => Err(self.wrong(json, ty, "a list, such as []")),
        }
    }

    /// A whole number of a range, as a number or as a text.
    pub(super) fn whole(&self, json: &Json, ty: &str, range: (i128, i128)) -> Result<i128, Fault> {
        let (Kind::Number(text) | Kind::Text(text)) = &json.kind else {
            return Err(self.wrong(json, ty, "a whole number"));
        };
        let Some(number) = whole(text) else {
            let fault = self.wrong(json, ty, "a whole number");
            return Err(if matches!(json.kind, Kind::Number(_)) { fault.label("this has a fraction") } else { fault });
        };
        if number < range.0 || number > range.1 {
            return Err(self.fault(json, &format!("is {ty}: {number} is outside of {} to {}", range.0, range.1)));
        }
        Ok(number)
    }

    /// A number with a fraction; the words of JSON for those that are none.
    pub(super) fn real(&self, json: &Json, ty: &str) -> Result<f64, Fault> {
        let (Kind::Number(text) | Kind::Text(text)) = &json.kind else {
            return Err(self.wrong(json, ty, "a number"));
        };
        let number = match text.as_str() {
            "NaN" => Some(f64::NAN),
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            text => text.parse().ok().filter(|it: &f64| it.is_finite()),
        };
        number.ok_or_else(|| self.wrong(json, ty, "a number"))
    }
}

/// The whole number of a text, `1.0` and `1e2` too.
fn whole(text: &str) -> Option<i128> {
    if let Ok(number) = text.parse() {
        return Some(number);
    }
    let real: f64 = text.parse().ok().filter(|it: &f64| it.fract() == 0.0 && it.abs() < 9e15)?;
    format!("{real:.0}").parse().ok()
}

/// The fault of a field that the type does not have.
pub(super) fn no_field(member: &Member, ty: &str, known: &[&str]) -> Fault {
    let fault = Fault::new(member.at.clone(), format!("{ty} has no field `{}`", member.name));
    let fault = match closest(&member.name, known.iter().copied()) {
        Some(near) => fault.label(format!("did you mean `{near}`?")),
        None => fault,
    };
    fault.help(match known {
        [] => "it has no fields: write {}".to_owned(),
        known => format!("its fields are {}", words(known)),
    })
}

/// The fault of a member that the enum does not have.
pub(super) fn no_member(path: &Path, json: &Json, ty: &str, known: &[&str]) -> Fault {
    let Kind::Text(word) = &json.kind else {
        return path.wrong(json, &format!("of the enum {ty}"), "a name of it, or a number");
    };
    let fault = path.fault(json, &format!("is of the enum {ty}, which has no `{word}`"));
    let fault = match closest(word, known.iter().copied()) {
        Some(near) => fault.label(format!("did you mean `{near}`?")),
        None => fault,
    };
    fault.help(format!("it has {}", words(known)))
}

/// Some names; not a page of them.
pub(super) fn words(all: &[&str]) -> String {
    const MOST: usize = 20;
    let shown: Vec<String> = all.iter().take(MOST).map(|it| format!("`{it}`")).collect();
    let more = all.len().saturating_sub(MOST);
    if more == 0 { shown.join(", ") } else { format!("{} and {more} more", shown.join(", ")) }
}
