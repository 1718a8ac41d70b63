//! Reading SQL in the plan's MySQL dialect: splitting a file into statements with their places, and saying what each
//! statement does as a [`operation::Operation`] over the schema model. Pure: nothing here runs SQL.

pub mod operation;
pub mod variables;
