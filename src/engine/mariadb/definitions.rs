//! Routines, views and triggers of a content that is moved aside: noted, and made again as they were.

use super::{
    aside::Mover,
    routines::{readable, routines},
    server::{SETTINGS, failed},
    views,
    words::{identifier, text},
};
use crate::engine::{EngineError, Marker};
use sqlx::{AssertSqlSafe, Row};
use std::collections::BTreeMap;

/// A routine, a view or a trigger.
pub(super) struct Definition {
    /// `FUNCTION`, `PROCEDURE`, `VIEW` or `TRIGGER`.
    pub(super) kind: &'static str,
    pub(super) object: String,
    made_by: String,
    /// The `sql_mode` that it was made in.
    mode: String,
    /// It did not work any more before it was moved: what it reads is gone.
    is_broken: bool,
}

impl Mover<'_> {
    /// The routines, views and triggers in its place, in an order in which they can be made. The connection is in that database.
    pub(super) async fn definitions(&mut self) -> Result<Vec<Definition>, EngineError> {
        let mut found = BTreeMap::new();
        for view in self.objects(self.name.as_str(), true).await? {
            let rows = self.ask(format!("SHOW CREATE VIEW {}", identifier(&view))).await?;
            let Some(row) = rows.first() else { continue };
            let made_by: String = row.try_get_unchecked(1).map_err(failed)?;
            let is_broken = !self.ask("SHOW WARNINGS".to_owned()).await?.is_empty();
            found.insert(view, (made_by, is_broken));
        }
        let texts = found.iter().map(|(view, (made_by, _))| (view.as_str(), made_by.as_str())).collect();
        let of_views = views::in_order(texts).into_iter().filter_map(|view| {
            let (made_by, is_broken) = found.get(view)?.clone();
            Some(Definition {
                kind: "VIEW",
                object: view.to_owned(),
                made_by,
                mode: String::new(),
                is_broken,
            })
        });
        let routines =
            routines(&mut self.line.connection, self.name.as_str()).await.map_err(failed)?.into_iter();
        let mut definitions: Vec<Definition> = routines
            .filter_map(readable)
            .map(|(routine, made_by)| Definition {
                kind: routine.kind,
                object: routine.name,
                made_by,
                mode: routine.mode,
                is_broken: false,
            })
            .chain(of_views)
            .collect();
        for (trigger, mode) in self.triggers().await? {
            let rows = self.ask(format!("SHOW CREATE TRIGGER {}", identifier(&trigger))).await?;
            let Some(row) = rows.first() else { continue };
            let made_by = row.try_get_unchecked(2).map_err(failed)?;
            definitions.push(Definition {
                kind: "TRIGGER",
                object: trigger,
                made_by,
                mode,
                is_broken: false,
            });
        }
        Ok(definitions)
    }

    /// The triggers with their modes, those of one moment in the order in which they are run.
    async fn triggers(&mut self) -> Result<Vec<(String, String)>, EngineError> {
        let rows = sqlx::query(
            "SELECT trigger_name, sql_mode FROM information_schema.triggers WHERE event_object_schema = ?
             ORDER BY event_object_table, action_timing, event_manipulation, action_order",
        )
        .bind(self.name.as_str())
        .fetch_all(&mut self.line.connection)
        .await
        .map_err(failed)?;
        rows.iter()
            .map(|row| {
                let name = row.try_get_unchecked(0).map_err(failed)?;
                Ok((name, row.try_get_unchecked(1).map_err(failed)?))
            })
            .collect()
    }

    /// Notes that the content is on its way, and all that has to be made again when it is back.
    pub(super) async fn note(
        &mut self,
        marker: &Marker,
        definitions: &[Definition],
    ) -> Result<(), EngineError> {
        let name = self.name.as_str();
        self.run("START TRANSACTION").await?;
        sqlx::query(
            "INSERT INTO tenantry_server.kept_contents (name, phase, tenant_id, job_id) VALUES (?, 'moving', ?, ?)",
        )
        .bind(name)
        .bind(marker.tenant_id.to_string())
        .bind(marker.job_id.to_string())
        .execute(&mut self.line.connection)
        .await
        .map_err(failed)?;
        for (place, one) in definitions.iter().enumerate() {
            sqlx::query(
                "INSERT INTO tenantry_server.kept_definitions (name, place, kind, object, made_by, mode, is_broken)
                 VALUES (?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(name)
            .bind(i64::try_from(place).unwrap_or(i64::MAX))
            .bind(one.kind)
            .bind(&one.object)
            .bind(&one.made_by)
            .bind(&one.mode)
            .bind(one.is_broken)
            .execute(&mut self.line.connection)
            .await
            .map_err(failed)?;
        }
        self.run("COMMIT").await
    }

    /// Makes the routines, views and triggers that were noted and are not there.
    pub(super) async fn define(&mut self) -> Result<(), EngineError> {
        let name = self.name;
        let rows = sqlx::query(
            "SELECT made_by, mode, is_broken, object FROM tenantry_server.kept_definitions AS noted
             WHERE name = ? AND NOT EXISTS (SELECT 1 FROM information_schema.views
                 WHERE table_schema = noted.name AND table_name = noted.object AND noted.kind = 'VIEW')
             AND NOT EXISTS (SELECT 1 FROM information_schema.triggers
                 WHERE trigger_schema = noted.name AND trigger_name = noted.object AND noted.kind = 'TRIGGER')
             AND NOT EXISTS (SELECT 1 FROM information_schema.routines
                 WHERE routine_schema = noted.name AND routine_name = noted.object AND routine_type = noted.kind)
             ORDER BY place",
        )
        .bind(name.as_str())
        .fetch_all(&mut self.line.connection)
        .await
        .map_err(failed)?;
        self.run(format!("USE {}", identifier(name.as_str()))).await?;
        for row in rows {
            let made_by: String = row.try_get_unchecked(0).map_err(failed)?;
            let mode: String = row.try_get_unchecked(1).map_err(failed)?;
            let is_broken = row.try_get_unchecked::<i8, _>(2).map_err(failed)? != 0;
            self.run(format!("SET SESSION sql_mode = {}", text(&mode))).await?;
            let made = sqlx::raw_sql(AssertSqlSafe(made_by)).execute(&mut self.line.connection).await;
            match made {
                Err(cause) if is_broken => {
                    let view: String = row.try_get_unchecked(3).map_err(failed)?;
                    tracing::warn!(%cause, database = %name, view, "A view that did not work could not be made again");
                }
                made => {
                    made.map_err(failed)?;
                }
            }
        }
        self.run(SETTINGS).await
    }
}
