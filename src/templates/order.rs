//! The order of modules: what must come before what, and what else a choice brings along. Pure.

use super::manifest::ModuleKind;
use std::collections::{BTreeMap, BTreeSet};

/// A module, as far as its order goes. It comes from a `template.toml` or from the stored modules of a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderedModule {
    /// Its name.
    pub name: String,
    /// The number of its file; of two modules that may come next, the smaller goes first.
    pub number: u16,
    /// Whether every tenant has it.
    pub kind: ModuleKind,
    /// The modules that it needs.
    pub depends: Vec<String>,
}

/// Why a set of modules has no order.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OrderError {
    /// Two modules of one name.
    #[error("there are two modules named `{module}`; names must differ")]
    Duplicate {
        /// The name.
        module: String,
    },
    /// A dependency on a module that is not there.
    #[error("the module `{module}` depends on `{dependency}`, which is not there")]
    Missing {
        /// Who needs it.
        module: String,
        /// What is not there.
        dependency: String,
    },
    /// A dependency on itself.
    #[error("the module `{module}` depends on itself")]
    OnItself {
        /// Which.
        module: String,
    },
    /// The same dependency twice.
    #[error("the module `{module}` lists `{dependency}` twice in `depends`")]
    Repeated {
        /// Who lists it.
        module: String,
        /// What is listed twice.
        dependency: String,
    },
    /// A module that all have needs one that some do not have.
    #[error(
        "the core module `{module}` depends on the optional `{dependency}`; make both core, or both optional"
    )]
    CoreOnOptional {
        /// The core module.
        module: String,
        /// The optional one.
        dependency: String,
    },
    /// Modules that need each other in a circle.
    #[error("the modules depend on each other in a circle: {}", circle(.modules))]
    Cycle {
        /// The modules, each depending on the next and the last on the first.
        modules: Vec<String>,
    },
}

impl OrderError {
    /// The module, and the entry of its `depends`, that a person should look at.
    pub fn place(&self) -> (&str, Option<&str>) {
        match self {
            Self::Duplicate { module } => (module, None),
            Self::OnItself { module } => (module, Some(module)),
            Self::Missing { module, dependency }
            | Self::Repeated { module, dependency }
            | Self::CoreOnOptional { module, dependency } => (module, Some(dependency)),
            Self::Cycle { modules } => {
                let first = modules.first().map_or("", String::as_str);
                (first, modules.get(1).map(String::as_str))
            }
        }
    }
}

/// A choice that names modules which the template does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the template has no module named {}", quoted(.names))]
pub struct UnknownModules {
    /// The names that nobody knows.
    pub names: Vec<String>,
}

/// Why a module is in a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// Every tenant of the template has it.
    Core,
    /// Somebody chose it.
    Chosen,
    /// These chosen modules need it, directly or through others.
    NeededBy(BTreeSet<String>),
}

/// A module of a tenant, and why it is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolvedModule {
    /// Its name.
    pub name: String,
    /// Why it is there.
    pub reason: Reason,
}

/// The modules of a template in an order in which they can be made: each after all that it needs, and otherwise by the
/// number of its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModuleOrder {
    modules: Vec<OrderedModule>,
}

impl ModuleOrder {
    /// Puts modules in order, or says everything that keeps them from having one.
    pub fn new(modules: Vec<OrderedModule>) -> Result<Self, Vec<OrderError>> {
        let mut errors = Vec::new();
        let mut by_name: BTreeMap<String, OrderedModule> = BTreeMap::new();
        for module in modules {
            if by_name.contains_key(&module.name) {
                errors.push(OrderError::Duplicate { module: module.name });
            } else {
                by_name.insert(module.name.clone(), module);
            }
        }
        for module in by_name.values() {
            check_dependencies(module, &by_name, &mut errors);
        }

        // Edges that cannot be followed were reported above and are left out, so that circles are still found.
        let mut waiting: BTreeMap<&str, BTreeSet<&str>> = by_name
            .values()
            .map(|module| {
                let needs = module.depends.iter().map(String::as_str);
                let needs =
                    needs.filter(|need| *need != module.name && by_name.contains_key(*need)).collect();
                (module.name.as_str(), needs)
            })
            .collect();
        let mut names = Vec::with_capacity(waiting.len());
        while !waiting.is_empty() {
            let ready = waiting.iter().filter(|(_, needs)| needs.is_empty()).map(|(name, _)| *name);
            let next = ready.min_by_key(|name| by_name.get(*name).map(|module| (module.number, *name)));
            if let Some(next) = next {
                settle(next, &mut waiting);
                names.push(next.to_owned());
            } else {
                let cycle = find_cycle(&waiting);
                for name in &cycle {
                    settle(name, &mut waiting);
                }
                errors.push(OrderError::Cycle { modules: cycle.into_iter().map(str::to_owned).collect() });
            }
        }
        if errors.is_empty() {
            Ok(Self { modules: names.iter().filter_map(|name| by_name.remove(name)).collect() })
        } else {
            Err(errors)
        }
    }

    /// All modules, in order.
    pub fn modules(&self) -> &[OrderedModule] {
        &self.modules
    }

    /// The modules of a tenant for which these were chosen: the core, the chosen ones, and what they need, in order.
    pub fn resolve<S: AsRef<str>>(&self, chosen: &[S]) -> Result<Vec<ResolvedModule>, UnknownModules> {
        let chosen: BTreeSet<&str> = chosen.iter().map(AsRef::as_ref).collect();
        let by_name: BTreeMap<&str, &OrderedModule> =
            self.modules.iter().map(|module| (module.name.as_str(), module)).collect();
        let unknown: Vec<String> = chosen
            .iter()
            .filter(|name| !by_name.contains_key(*name))
            .map(|name| (*name).to_owned())
            .collect();
        if !unknown.is_empty() {
            return Err(UnknownModules { names: unknown });
        }

        let mut needed_by: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for name in &chosen {
            for need in closure(name, &by_name) {
                needed_by.entry(need).or_default().insert((*name).to_owned());
            }
        }
        let resolved = self.modules.iter().filter_map(|module| {
            let name = module.name.as_str();
            let reason = match module.kind {
                ModuleKind::Core => Reason::Core,
                ModuleKind::Optional if chosen.contains(name) => Reason::Chosen,
                ModuleKind::Optional => Reason::NeededBy(needed_by.remove(name)?),
            };
            Some(ResolvedModule { name: name.to_owned(), reason })
        });
        Ok(resolved.collect())
    }
}

fn check_dependencies(
    module: &OrderedModule,
    by_name: &BTreeMap<String, OrderedModule>,
    errors: &mut Vec<OrderError>,
) {
    let mut seen = BTreeSet::new();
    for dependency in &module.depends {
        let names = || (module.name.clone(), dependency.clone());
        if !seen.insert(dependency) {
            let (module, dependency) = names();
            errors.push(OrderError::Repeated { module, dependency });
        } else if *dependency == module.name {
            errors.push(OrderError::OnItself { module: module.name.clone() });
        } else if let Some(found) = by_name.get(dependency) {
            if module.kind == ModuleKind::Core && found.kind == ModuleKind::Optional {
                let (module, dependency) = names();
                errors.push(OrderError::CoreOnOptional { module, dependency });
            }
        } else {
            let (module, dependency) = names();
            errors.push(OrderError::Missing { module, dependency });
        }
    }
}

fn settle(name: &str, waiting: &mut BTreeMap<&str, BTreeSet<&str>>) {
    waiting.remove(name);
    for needs in waiting.values_mut() {
        needs.remove(name);
    }
}

/// A circle among modules of which each waits for another of them.
fn find_cycle<'a>(waiting: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> Vec<&'a str> {
    let mut path: Vec<&str> = Vec::new();
    let mut at = waiting.keys().next().copied();
    while let Some(name) = at {
        if let Some(start) = path.iter().position(|passed| *passed == name) {
            return path.split_off(start);
        }
        path.push(name);
        at = waiting.get(name).and_then(|needs| needs.first().copied());
    }
    path
}

/// Everything that a module needs, directly or through others, without itself.
fn closure<'a>(name: &str, by_name: &BTreeMap<&'a str, &'a OrderedModule>) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut open: Vec<&OrderedModule> = by_name.get(name).copied().into_iter().collect();
    while let Some(module) = open.pop() {
        for need in &module.depends {
            if let Some(needed) = by_name.get(need.as_str())
                && found.insert(needed.name.as_str())
            {
                open.push(needed);
            }
        }
    }
    found
}

fn circle(modules: &[String]) -> String {
    modules.iter().chain(modules.first()).map(String::as_str).collect::<Vec<_>>().join(" → ")
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::ModuleKind::{Core, Optional};
    use super::*;

    fn module(number: u16, name: &str, kind: ModuleKind, depends: &[&str]) -> OrderedModule {
        let depends = depends.iter().map(|name| (*name).to_owned()).collect();
        OrderedModule { name: name.to_owned(), number, kind, depends }
    }

    fn ngo() -> ModuleOrder {
        ModuleOrder::new(vec![
            module(14, "event_shifts", Optional, &["events", "volunteers"]),
            module(12, "volunteers", Optional, &["members"]),
            module(11, "events", Optional, &["members"]),
            module(10, "campaigns", Optional, &["donations"]),
            module(3, "donations", Core, &["members"]),
            module(2, "members", Core, &["core"]),
            module(1, "core", Core, &[]),
        ])
        .unwrap()
    }

    fn names(order: &ModuleOrder) -> Vec<&str> {
        order.modules().iter().map(|module| module.name.as_str()).collect()
    }

    fn errors(modules: Vec<OrderedModule>) -> Vec<String> {
        ModuleOrder::new(modules).unwrap_err().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn modules_without_reasons_against_it_keep_the_order_of_their_files() {
        assert_eq!(
            names(&ngo()),
            ["core", "members", "donations", "campaigns", "events", "volunteers", "event_shifts"]
        );
    }

    #[test]
    fn a_dependency_goes_first_whatever_its_number() {
        let order = ModuleOrder::new(vec![
            module(10, "early", Optional, &["late"]),
            module(90, "late", Optional, &[]),
            module(20, "other", Optional, &[]),
        ]);
        assert_eq!(names(&order.unwrap()), ["other", "late", "early"]);
    }

    #[test]
    fn a_choice_brings_its_dependencies_and_says_for_whom() {
        let resolved = ngo().resolve(&["event_shifts", "volunteers"]).unwrap();
        let found: Vec<(&str, &Reason)> =
            resolved.iter().map(|module| (module.name.as_str(), &module.reason)).collect();
        let for_shifts = Reason::NeededBy(BTreeSet::from(["event_shifts".to_owned()]));
        assert_eq!(
            found,
            [
                ("core", &Reason::Core),
                ("members", &Reason::Core),
                ("donations", &Reason::Core),
                ("events", &for_shifts),
                ("volunteers", &Reason::Chosen),
                ("event_shifts", &Reason::Chosen),
            ]
        );
    }

    #[test]
    fn no_choice_is_the_core_alone() {
        let resolved = ngo().resolve::<&str>(&[]).unwrap();
        assert!(resolved.iter().all(|module| module.reason == Reason::Core));
        assert_eq!(resolved.len(), 3);
    }

    #[test]
    fn a_dependency_of_a_dependency_is_brought_for_the_chosen_one() {
        let order = ModuleOrder::new(vec![
            module(1, "a", Optional, &[]),
            module(2, "b", Optional, &["a"]),
            module(3, "c", Optional, &["b"]),
            module(4, "d", Optional, &["a"]),
        ])
        .unwrap();
        let resolved = order.resolve(&["c", "d"]).unwrap();
        assert_eq!(resolved[0].reason, Reason::NeededBy(BTreeSet::from(["c".to_owned(), "d".to_owned()])));
        assert_eq!(resolved[1].reason, Reason::NeededBy(BTreeSet::from(["c".to_owned()])));
    }

    #[test]
    fn a_choice_of_unknown_modules_names_them_all() {
        let error = ngo().resolve(&["events", "evnets", "x"]).unwrap_err();
        assert_eq!(error.to_string(), "the template has no module named `evnets`, `x`");
    }

    #[test]
    fn a_circle_is_shown_as_it_goes_round_without_those_who_only_wait_for_it() {
        let found = errors(vec![
            module(1, "a", Optional, &["b"]),
            module(2, "b", Optional, &["c"]),
            module(3, "c", Optional, &["b"]),
        ]);
        assert_eq!(found, ["the modules depend on each other in a circle: b → c → b"]);
    }

    #[test]
    fn two_circles_are_two_errors() {
        let found = errors(vec![
            module(1, "a", Optional, &["b"]),
            module(2, "b", Optional, &["a"]),
            module(3, "c", Optional, &["d"]),
            module(4, "d", Optional, &["c"]),
        ]);
        assert_eq!(found.len(), 2, "{found:?}");
    }

    #[test]
    fn all_that_is_wrong_is_said_at_once() {
        let found = errors(vec![
            module(1, "a", Core, &["b", "b", "a", "nobody"]),
            module(2, "b", Optional, &[]),
            module(3, "b", Optional, &[]),
        ]);
        assert_eq!(
            found,
            [
                "there are two modules named `b`; names must differ",
                "the core module `a` depends on the optional `b`; make both core, or both optional",
                "the module `a` lists `b` twice in `depends`",
                "the module `a` depends on itself",
                "the module `a` depends on `nobody`, which is not there",
            ]
        );
    }
}
