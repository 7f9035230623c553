//! The files of a whole crate that the user owns. Pure: what is on disk comes in as text.

mod cargo;
mod clients;
mod dependencies;
mod depth;
mod handler;
mod insert;
mod layout;
mod manifest;
mod sample;
mod tests;

use std::collections::BTreeMap;
use std::path::PathBuf;

use askama::Template;

use crate::assemble;
use crate::ir::choices::Sides;
use crate::ir::model::{Language, Model, Service};
use crate::options::Options;
use crate::output::{FileSet, Owner};
use crate::resolve::names;

pub use cargo::Runtime;
pub use manifest::Manifest;

/// The crate that is made, as far as it is known beforehand.
#[derive(Clone, Debug)]
pub struct Crate {
    /// The package's name.
    pub name: String,
    /// Its manifest, if there is one.
    pub manifest: Option<Manifest>,
    /// The source of `runtime`.
    pub runtime: Runtime,
    /// Whether this run names where `runtime` comes from, whatever a manifest says that is there.
    pub runtime_named: bool,
    /// Whether it is to be a member of the workspace around it.
    pub member: bool,
    /// Whether it needs a `[workspace]` of its own.
    pub own_workspace: bool,
    /// The IDL files as they are copied, roots first: path below the crate and text.
    pub idls: Vec<Idl>,
    /// Include folders of the crate, such as `idl/common`.
    pub include: Vec<String>,
    /// Whether the crate serves; otherwise it holds clients only.
    pub server: bool,
    /// Whether its handlers hand each call on to the service behind.
    pub gateway: bool,
    /// Whether stubs of missing methods and lines for new services are inserted.
    pub add_missing: bool,
    /// The options of the generated text.
    pub options: Options,
}

/// One IDL file of the crate.
#[derive(Clone, Debug)]
pub struct Idl {
    /// Its path in the crate, such as `idl/add.thrift`.
    pub path: String,
    /// Its text.
    pub text: String,
    /// Whether the user named it.
    pub root: bool,
    /// Whether it was read in the crate itself, and not brought from elsewhere.
    pub own: bool,
}

/// The user's files as they are on disk, by their path below the crate.
pub type Existing = BTreeMap<PathBuf, String>;

/// The result of a scaffold: files, and what the user has to add by hand.
#[derive(Debug, Default)]
pub struct Scaffold {
    /// The files.
    pub files: FileSet,
    /// Text that is missing in the user's files, each with its file, when it was not inserted.
    pub missing: Vec<(PathBuf, String)>,
    /// The user's files that use a side of the services which is no longer made.
    pub useless: Vec<PathBuf>,
}

/// Paths of the user's files that [`scaffold`] wants to see when they are there.
pub fn wanted(model: &Model) -> Vec<PathBuf> {
    let mut paths = vec!["src/lib.rs", "src/main.rs", "src/handler/mod.rs", clients::FILE]
        .into_iter()
        .map(PathBuf::from)
        .collect::<Vec<_>>();
    paths.extend(model.root_services().map(|it| PathBuf::from(handler::file(model, it))));
    paths
}

#[derive(Template)]
#[template(path = "main.rs.j2", escape = "none")]
struct Main<'a> {
    title: &'a str,
    limit: Option<usize>,
    lib: &'a str,
    mounts: Vec<String>,
    gateway: bool,
}

#[derive(Template)]
#[template(path = "lib.rs.j2", escape = "none")]
struct Lib<'a> {
    title: &'a str,
    idls: &'a str,
    limit: Option<usize>,
    services: bool,
    server: bool,
    gateway: bool,
}

#[derive(Template)]
#[template(path = "handlers.rs.j2", escape = "none")]
struct Handlers {
    modules: Vec<String>,
}

#[derive(Template)]
#[template(path = "service.toml.j2", escape = "none")]
struct Settings<'a> {
    name: &'a str,
    services: Vec<Named>,
    /// One that its sections of methods may name.
    method: String,
    gateway: bool,
}

struct Named {
    name: String,
    registry_name: String,
}

/// A client: its path below `generated`, and the name by which it finds its service.
struct Reached {
    path: String,
    registry_name: String,
}

#[derive(Template)]
#[template(path = "README.md.j2", escape = "none")]
struct Readme<'a> {
    name: &'a str,
    lib: &'a str,
    clients: Vec<Reached>,
    idls: String,
    server: bool,
    both: bool,
    gateway: bool,
    /// Of a method over HTTP, without the slash in front.
    path: String,
}

/// The user's files of a crate.
pub fn scaffold(model: &Model, it: &Crate, existing: &Existing) -> Scaffold {
    let mut out = Scaffold::default();
    let services: Vec<&Service> = model.root_services().collect();
    let known = it.manifest.as_ref().map(Manifest::hashes).unwrap_or_default();
    cargo::manifest(model, it, &known, &mut out);
    for idl in &it.idls {
        let known = known.get(&idl.path).copied();
        out.files.add(PathBuf::from(&idl.path), idl.text.clone(), Owner::Copy { known });
    }
    let title = title(&services);
    let lib = lib_name(&it.name);
    user(&mut out, ".gitignore", Ok("/target\n".to_owned()));
    let roots: Vec<String> = it
        .idls
        .iter()
        .filter(|it| it.root)
        .map(|it| format!("`{}`", assemble::visible(&it.path).replace('`', "'")))
        .collect();
    let idls = roots.join(" and ");
    let limit = depth::recursion_limit(model);
    let named = Lib {
        title: &title,
        idls: &idls,
        limit,
        services: !services.is_empty(),
        server: it.server,
        gateway: it.gateway,
    };
    user(&mut out, "src/lib.rs", named.render());
    let clients = services.iter().map(|it| Reached {
        path: format!("{}::{}", model.modules[it.module.0].path.join("::"), it.client),
        registry_name: it.registry_name.clone(),
    });
    let clients = clients.collect();
    let both = it.options.sides != Sides::Server;
    let readme = Readme {
        name: &it.name,
        lib: &lib,
        clients,
        idls,
        server: it.server,
        both,
        gateway: it.gateway,
        path: some_path(model, &services),
    };
    user(&mut out, "README.md", readme.render());
    insert::library(it, limit, existing, &mut out);
    if !it.server {
        let main = PathBuf::from("src/main.rs");
        if existing.get(&main).is_some_and(|text| insert::mounts_any(&services, text)) {
            out.useless.push(main);
        }
        return out;
    }
    let mounts: Vec<String> = services.iter().map(|service| handler::mount(model, service, it.gateway)).collect();
    let main = Main { title: &title, limit, lib: &lib, mounts, gateway: it.gateway }.render().unwrap_or_default();
    user(&mut out, "src/main.rs", Ok(main.clone()));
    let mut modules: Vec<String> = services.iter().map(|it| handler::module(model, it)).collect();
    modules.sort();
    user(&mut out, "src/handler/mod.rs", Handlers { modules }.render());
    for service in &services {
        user(&mut out, &handler::file(model, service), Ok(handler::text(model, service, it.gateway)));
    }
    if it.gateway {
        user(&mut out, clients::FILE, Ok(clients::text(model, &services)));
    }
    let named =
        services.iter().map(|it| Named { name: names_key(it, &services), registry_name: it.registry_name.clone() });
    let named = named.collect();
    let method = settings_key(model, &services);
    user(&mut out, "service.toml", Settings { name: &it.name, services: named, method, gateway: it.gateway }.render());
    user(
        &mut out,
        &format!("tests/{lib}.rs"),
        Ok(tests::text(model, &services, &lib, tests::Shape { clients: both, gateway: it.gateway, limit })),
    );
    insert::missing(model, &services, (&main, limit), it, existing, &mut out);
    out
}

/// The path over HTTP of the first method that takes one message and gives one.
fn some_path(model: &Model, services: &[&Service]) -> String {
    let first = services.iter().find_map(|service| {
        let methods = model.all_methods(service);
        let unary = methods.into_iter().find(|(_, it)| !it.client_streaming && !it.server_streaming);
        unary.map(|(_, method)| (*service, method))
    });
    let Some((service, method)) = first else { return String::new() };
    let package = if service.package.is_empty() { String::new() } else { format!("{}.", service.package) };
    format!("{package}{}/{}", service.head.name, method.head.name)
}

/// The key of the first method in `[methods]`.
fn settings_key(model: &Model, services: &[&Service]) -> String {
    let of = |service: &&Service| {
        let (_, method) = *model.all_methods(service).first()?;
        let package = if service.package.is_empty() { String::new() } else { format!("{}.", service.package) };
        Some(format!("{package}{}/{}", service.head.name, method.head.name))
    };
    services.iter().find_map(of).unwrap_or_else(|| "package.Service/Method".to_owned())
}

/// A service's key in `[names]`: its name, or the full one where another service shares the name.
fn names_key(service: &Service, all: &[&Service]) -> String {
    let name = &service.head.name;
    let alone = all.iter().filter(|it| it.head.name == *name).count() == 1;
    if alone || service.package.is_empty() { name.clone() } else { format!("\"{}.{name}\"", service.package) }
}

/// A template that does not render is our own bug; its text says so where the file is read.
fn user(out: &mut Scaffold, path: &str, text: Result<String, askama::Error>) {
    let text = text.unwrap_or_else(|error| format!("kiteline could not render {path}: {error}"));
    let text = format!("{}\n", text.trim_end());
    out.files.add(PathBuf::from(path), text, Owner::User);
}

/// "add service", "add and greeter services".
fn title(services: &[&Service]) -> String {
    let names: Vec<&str> = services.iter().map(|it| it.registry_name.as_str()).collect();
    match names.as_slice() {
        [] => "services".to_owned(),
        [one] => format!("{one} service"),
        [first @ .., last] => format!("{} and {last} services", first.join(", ")),
    }
}

/// A package's name as a crate's: dashes become underscores.
pub(crate) fn lib_name(package: &str) -> String {
    package.replace('-', "_")
}

/// A package's name from the stem of an IDL file: letters, digits, `-` and `_`, not a keyword, not
/// a name that cargo or our dependencies need.
pub fn package_name(stem: &str) -> String {
    const TAKEN: &[&str] = &[
        "test",
        "core",
        "std",
        "alloc",
        "proc_macro",
        "runtime",
        "tokio",
        "build",
        "deps",
        "examples",
        "generated",
        "handler",
    ];
    let clean: String =
        stem.chars().map(|c| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') { c } else { '-' }).collect();
    // Two of them in a row are not snake case.
    let twice = |one: char, other: char| matches!(one, '-' | '_') && matches!(other, '-' | '_');
    let mut before = '-';
    let kept = clean.chars().filter(|&it| !twice(std::mem::replace(&mut before, it), it));
    let clean: String = kept.collect();
    let clean = clean.trim_end_matches('-').to_lowercase();
    let fits = clean.starts_with(|c: char| c.is_ascii_alphabetic())
        && !TAKEN.contains(&clean.as_str())
        && names::ident(&clean) == clean;
    if fits { clean } else { format!("{}-service", if clean.is_empty() { "idl" } else { &clean }) }
        .trim_start_matches(|c: char| !c.is_ascii_alphabetic())
        .to_owned()
}

/// The line of `[dependencies]` that generated code needs.
pub fn dependency(model: &Model, runtime: &Runtime) -> String {
    let features: Vec<String> = needed(model).into_iter().map(|it| format!("\"{it}\"")).collect();
    format!(
        "runtime = {{ {}, features = [{}] }} # and \"etcd\" for that registry",
        runtime.render(),
        features.join(", ")
    )
}

/// The features of `runtime` that a new crate has.
fn features(model: &Model) -> Vec<&'static str> {
    let mut features = needed(model);
    let has_routes = [Language::Thrift, Language::Proto].into_iter().any(|language| model.has_routes(language));
    features.extend(has_routes.then_some("http"));
    // A crate with services is found, and finds others, by name; `dev` is for a first run where nothing is
    // installed.
    if model.root_services().next().is_some() {
        features.extend(["etcd", "dev"]);
    }
    features
}

/// Those without which generated code does not compile.
fn needed(model: &Model) -> Vec<&'static str> {
    let uses = |language| model.files.iter().any(|it| it.language == language);
    let mut features = Vec::new();
    features.extend(uses(Language::Thrift).then_some("thrift"));
    features.extend(uses(Language::Proto).then_some("grpc"));
    let json = |language| uses(language) && model.json(language);
    features.extend((json(Language::Proto) || json(Language::Thrift)).then_some("json"));
    features.extend(model.defs.iter().any(|it| it.serde).then_some("serde"));
    features.extend((!model.rules.is_empty()).then_some("validate"));
    let patterns = model.rules.values().flat_map(|it| &it.fields).any(|it| it.node.has_pattern());
    features.extend(patterns.then_some("pattern"));
    features
}
