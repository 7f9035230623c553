//! Services of one program beside each other: names in a registry, unique by construction, and
//! names on the wire, which have to differ.

use std::collections::HashMap;

use super::declare::{Declared, DeclaredService};
use super::names;
use crate::diag::{Diagnostics, catalogue::rules};
use crate::ir::choices::Sides;
use crate::ir::model::{Language, Model, Service};
use crate::options::Options;

/// Finds served Thrift services that share their name and a method: a message says no more.
pub(super) fn check(model: &Model, options: &Options, found: &mut Diagnostics) {
    if options.sides == Sides::Client {
        return;
    }
    let thrift = |service: &&Service| model.files[service.file].language == Language::Thrift;
    let mut methods: HashMap<(&str, &str), &Service> = HashMap::new();
    for service in model.root_services().filter(thrift) {
        let own = model.all_methods(service).into_iter().map(|(_, method)| method.head.name.as_str());
        let shared = own.filter_map(|method| methods.insert((service.head.name.as_str(), method), service));
        // Twice in one file is another rule's finding.
        if let Some(first) = shared.filter(|first| first.file != service.file).last() {
            found.push(rules::one_service_name(&service.head.name, service.head.span, first.head.span));
        }
    }
}

/// The name of each service in a registry: no other one that the program serves has it. It is the short one
/// (`greeter`); where several have it, behind the package or namespace (`a.v1.greeter`); where that
/// is not enough, with the IDL's whole name.
pub(super) fn registry_names(declared: &Declared) -> Vec<String> {
    let served: Vec<usize> =
        (0..declared.services.len()).filter(|it| declared.files[declared.services[*it].file].root).collect();
    let choices: Vec<[String; 4]> = served.iter().map(|it| choices(declared, &declared.services[*it])).collect();
    let mut taken = vec![0; served.len()];
    loop {
        let mut users: HashMap<&str, Vec<usize>> = HashMap::new();
        for (place, choice) in choices.iter().enumerate() {
            users.entry(&choice[taken[place]]).or_default().push(place);
        }
        let clashing = users.into_values().filter(|it| it.len() > 1).flatten();
        let clashing: Vec<usize> = clashing.filter(|it| taken[*it] + 1 < choices[*it].len()).collect();
        if clashing.is_empty() {
            break;
        }
        clashing.into_iter().for_each(|place| taken[place] += 1);
    }
    let mut all: Vec<String> = declared.services.iter().map(|it| names::registry_name(&it.head.name)).collect();
    for ((service, choice), taken) in served.into_iter().zip(choices).zip(taken) {
        all[service].clone_from(&choice[taken]);
    }
    all
}

fn choices(declared: &Declared, service: &DeclaredService) -> [String; 4] {
    let module = &declared.modules[service.module.0].path;
    let namespace = if service.package.is_empty() {
        module.iter().map(|part| part.trim_start_matches("r#")).collect::<Vec<_>>().join(".")
    } else {
        service.package.clone()
    };
    let below = |name: &str| if namespace.is_empty() { name.to_owned() } else { format!("{namespace}.{name}") };
    let (whole, short) = (&service.head.name, names::registry_name(&service.head.name));
    [short.clone(), below(&short), below(&whole.to_lowercase()), below(whole)]
}
