//! Points at which a test stops the program as if it had been killed there. Outside of tests nothing is armed, and
//! passing a point costs one comparison.

use std::{
    fmt,
    sync::{Arc, Mutex},
};

/// The program "died" at a point.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("stopped at {0}")]
pub struct Stopped(pub String);

type Hook = dyn Fn(&str) -> bool + Send + Sync;

/// The armed points.
#[derive(Clone, Default)]
pub struct Faults {
    hook: Option<Arc<Hook>>,
    passed: Option<Arc<Mutex<Vec<String>>>>,
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Faults").field("armed", &self.hook.is_some()).finish_non_exhaustive()
    }
}

impl Faults {
    /// Nothing armed.
    pub fn none() -> Self {
        Faults::default()
    }

    /// Stops wherever `hook` says so.
    pub fn armed(hook: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        Faults { hook: Some(Arc::new(hook)), passed: None }
    }

    /// Stops nowhere, and remembers which points were passed.
    pub fn listening() -> (Self, Arc<Mutex<Vec<String>>>) {
        let passed = Arc::new(Mutex::new(Vec::new()));
        (Faults { hook: None, passed: Some(Arc::clone(&passed)) }, passed)
    }

    /// Passes a point, or stops there.
    pub fn point(&self, name: &str) -> Result<(), Stopped> {
        if let Some(passed) = &self.passed
            && let Ok(mut names) = passed.lock()
        {
            names.push(name.to_owned());
        }
        match &self.hook {
            Some(hook) if hook(name) => Err(Stopped(name.to_owned())),
            _ => Ok(()),
        }
    }
}
