//! Names in a registry, unique among the services of one program.

use std::collections::HashMap;

use super::names;
use crate::ir::model::{Model, Service};

/// Gives each service that the program serves a name that no other one has: the short one
/// (`greeter`); where several have it, behind the package or namespace (`a.v1.greeter`); where that
/// is not enough, with the IDL's whole name.
pub(super) fn name(model: &mut Model) {
    let served: Vec<usize> =
        (0..model.services.len()).filter(|it| model.files[model.services[*it].file].root).collect();
    let choices: Vec<[String; 4]> = served.iter().map(|it| choices(model, &model.services[*it])).collect();
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
    for ((service, choice), taken) in served.into_iter().zip(choices).zip(taken) {
        model.services[service].registry_name.clone_from(&choice[taken]);
    }
}

fn choices(model: &Model, service: &Service) -> [String; 4] {
    let module = &model.modules[service.module.0].path;
    let namespace = if service.package.is_empty() {
        module.iter().map(|part| part.trim_start_matches("r#")).collect::<Vec<_>>().join(".")
    } else {
        service.package.clone()
    };
    let below = |name: &str| if namespace.is_empty() { name.to_owned() } else { format!("{namespace}.{name}") };
    let (whole, short) = (&service.head.name, names::registry_name(&service.head.name));
    [short.clone(), below(&short), below(&whole.to_lowercase()), below(whole)]
}
