//! The table of job kinds: a new kind is a file with its [`Kind`] and a line here.

use super::{
    account::NewPassword,
    copy::{CloneTenant, RestoreNew},
    delete::{Delete, GiveUp, Remove},
    details::Details,
    drift::repair::Repair,
    export::ExportTenant,
    passage::{ARCHIVE, KEEP, RESUME, SUSPEND, UNARCHIVE},
    provision::Provision,
    restore::Restore,
    snapshot::TakeSnapshot,
    work::{Kind, Words},
};

/// All kinds of jobs that this version knows.
pub static KINDS: &[&dyn Kind] = &[
    &Provision,
    &ExportTenant,
    &Details,
    &&SUSPEND,
    &&RESUME,
    &&ARCHIVE,
    &&UNARCHIVE,
    &CloneTenant,
    &TakeSnapshot,
    &Restore,
    &RestoreNew,
    &Delete,
    &&KEEP,
    &Remove,
    &GiveUp,
    &NewPassword,
    &Repair,
];

/// A kind by its name in rows.
pub fn find(name: &str) -> Option<&'static dyn Kind> {
    KINDS.iter().copied().find(|kind| kind.name() == name)
}

/// The words for a kind; plain ones for a kind of another version of the program.
pub fn words(name: &str) -> &'static Words {
    find(name).map_or(&UNKNOWN, Kind::words)
}

const UNKNOWN: Words = Words {
    title: "Work of another version of Tenantry",
    going: ("Working on ", ""),
    done: ("Done with ", ""),
    done_sentence: "Everything is done.",
    undoing: "What was done so far is being taken back.",
    failed: "It could not be done.",
    failed_advice: "It could not be done, and you can try again.",
    stuck: "It could not be done, and could not be taken back.",
};
