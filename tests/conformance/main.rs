//! What every engine must do, the same for each: every behaviour is one function over a [`Ground`], and runs once on each
//! engine. What engines differ in is asked of their `Capabilities`, never of their names.
//!
//! Another engine needs two things: an implementation of [`ground::Place`] in `places/`, and a line at the end of this file.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test ends where something is not as it should be"
)]

mod accounts;
mod copies;
mod ground;
mod making;
mod many;
mod places;
mod reading;
mod restoring;
mod schemas;
mod shutting;
mod templates;
mod units;
mod whole;

/// A test for each behaviour of a room, or all behaviours for one engine.
macro_rules! engine {
    (@ $place:ty, $room:ident: $($behaviour:ident),+ $(,)?) => {
        $(#[tokio::test(flavor = "multi_thread")]
        async fn $behaviour() {
            crate::$room::$behaviour(&crate::ground::Ground::new::<$place>().await).await;
        })+
    };
    ($engine:ident, $place:ty) => {
        mod $engine {
            engine!(@ $place, making:
                a_database_is_made_once_and_removed_by_its_maker_only,
                a_database_is_opened_for_its_own_tenant_only,
                what_is_not_ours_is_never_touched,
                the_address_leads_the_application_to_its_database,
                the_longest_name_there_is_works,
                what_is_not_there_is_missing,
                a_scratch_database_is_empty_and_gone_when_it_is_closed_or_dropped,
                nothing_is_swept_up_that_somebody_uses,
            );
            engine!(@ $place, whole:
                a_database_that_is_made_at_once_is_as_good_as_unit_by_unit,
                a_draft_never_takes_a_name_that_something_has,
            );
            engine!(@ $place, units:
                a_unit_is_run_once,
                a_unit_that_two_run_at_once_is_run_once,
                a_newer_claim_shuts_an_older_one_out,
                a_unit_that_fails_changes_no_rows,
                a_unit_that_fails_is_whole_after_it_was_mended,
                rows_that_refer_to_nothing_undo_their_unit,
                values_of_the_tenant_are_put_in_as_they_are,
                whoever_looks_changes_nothing,
            );
            engine!(@ $place, schemas:
                what_is_inspected_is_what_the_template_says,
                names_can_be_words_of_sql,
                an_application_may_name_its_tables_as_it_likes,
            );
            engine!(@ $place, many:
                many_are_read_as_each_is_by_itself,
            );
            engine!(@ $place, shutting:
                a_database_that_was_shut_away_cannot_be_used_even_over_an_open_connection,
                what_was_shut_away_is_seen_by_tenantry_and_comes_back_whole,
                an_older_claim_does_not_shut,
                nobody_elses_database_is_shut_opened_or_removed,
            );
            engine!(@ $place, copies:
                a_copy_has_the_same_structure_and_rows_and_its_own_marker,
                a_copy_is_of_one_moment_while_the_original_is_written_to,
                a_copy_of_what_was_shut_away_is_as_good,
                a_copy_never_takes_the_place_of_what_is_in_use,
                a_saved_file_becomes_a_tenant_again,
                a_file_that_is_no_copy_of_the_tenants_is_refused,
            );
            engine!(@ $place, restoring:
                a_snapshot_takes_the_place_of_what_was_shut_away_and_gives_it_back,
                what_a_snapshot_has_replaced_can_be_forgotten_and_nothing_else,
                everything_of_a_tenant_is_removed_at_once,
            );
            engine!(@ $place, reading:
                every_row_is_read,
                every_value_is_read_as_it_was_written,
                what_others_refer_to_is_read_first,
                what_is_written_meanwhile_is_neither_seen_nor_kept_waiting,
            );
            engine!(@ $place, accounts:
                a_place_is_examined_and_found_in_order,
                passwords_are_changed_where_there_are_accounts,
                a_tenants_account_opens_its_own_database_only,
            );
            engine!(@ $place, templates:
                basic_goes_up_and_down,
                corporate_goes_up_and_down,
                ngo_goes_up_and_down,
                political_party_goes_up_and_down,
            );
        }
    };
}

/// Behaviours that an engine does not have yet, though it should: each test fails there as soon as it does, and belongs
/// to the others then. A behaviour that all engines have moves to the list above.
macro_rules! not_everywhere {
    ($engine:ident, $place:ty, $($(#[$fault:meta])? $room:ident::$behaviour:ident),+ $(,)?) => {
        mod $engine {
            $(#[tokio::test(flavor = "multi_thread")]
            $(#[$fault])?
            async fn $behaviour() {
                crate::$room::$behaviour(&crate::ground::Ground::new::<$place>().await).await;
            })+
        }
    };
}

engine!(sqlite, crate::places::sqlite::Folder);
engine!(mariadb, crate::places::mariadb::Server);
engine!(postgres, crate::places::postgres::Server);
engine!(postgres_in_schemas, crate::places::schemas::Server);

mod not_everywhere {
    not_everywhere!(
        postgres_in_schemas,
        crate::places::schemas::Server,
        shutting::an_older_claim_does_not_open,
        reading::rows_come_in_the_order_of_their_key,
        units::a_unit_says_how_many_rows_it_changed,
        templates::every_template_is_proven,
    );
    not_everywhere!(
        sqlite,
        crate::places::sqlite::Folder,
        shutting::an_older_claim_does_not_open,
        #[should_panic(expected = "not in the order of the key")]
        reading::rows_come_in_the_order_of_their_key,
        units::a_unit_says_how_many_rows_it_changed,
        templates::every_template_is_proven,
    );
    not_everywhere!(
        mariadb,
        crate::places::mariadb::Server,
        shutting::an_older_claim_does_not_open,
        reading::rows_come_in_the_order_of_their_key,
        units::a_unit_says_how_many_rows_it_changed,
        templates::every_template_is_proven,
    );
    not_everywhere!(
        postgres,
        crate::places::postgres::Server,
        shutting::an_older_claim_does_not_open,
        reading::rows_come_in_the_order_of_their_key,
        units::a_unit_says_how_many_rows_it_changed,
        templates::every_template_is_proven,
    );
}
