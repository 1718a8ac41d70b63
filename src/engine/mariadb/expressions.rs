//! The template's expressions, queries and statements over rows. They are in MySQL's words already; what MariaDB does not
//! take is written so that both do, and variables are bound.

use super::Refusal;
use crate::{
    engine::Statement,
    sql::{expression, variables},
};
use sqlparser::{
    ast::{
        BinaryOperator, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList,
        FunctionArguments, Ident, ObjectName, Statement as Tree, Value, ValueWithSpan, VisitMut, VisitorMut,
    },
    dialect::MySqlDialect,
    parser::Parser,
};
use std::ops::ControlFlow;

fn call(name: &str, arguments: Vec<Expr>) -> Expr {
    let arguments = arguments.into_iter().map(|one| FunctionArg::Unnamed(FunctionArgExpr::Expr(one)));
    Expr::Function(Function {
        name: ObjectName::from(vec![Ident::new(name)]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList {
            duplicate_treatment: None,
            args: arguments.collect(),
            clauses: Vec::new(),
        }),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    })
}

/// MariaDB has no `->` and `->>`; the functions that they stand for are known to both.
struct Arrows;

impl VisitorMut for Arrows {
    type Break = ();

    fn post_visit_expr(&mut self, expression: &mut Expr) -> ControlFlow<()> {
        if let Expr::BinaryOp { left, op: op @ (BinaryOperator::Arrow | BinaryOperator::LongArrow), right } =
            expression
        {
            let extracted = call("JSON_EXTRACT", vec![(**left).clone(), (**right).clone()]);
            *expression = match op {
                BinaryOperator::LongArrow => call("JSON_UNQUOTE", vec![extracted]),
                _ => extracted,
            };
        }
        ControlFlow::Continue(())
    }
}

/// A tree as text for both servers.
fn written<T: VisitMut + Clone + ToString>(tree: &T) -> String {
    let mut tree = tree.clone();
    let _ = tree.visit(&mut Arrows);
    expression::text(&tree)
}

/// An expression of the model.
pub(super) fn render(text: &str) -> Result<String, Refusal> {
    let tree = expression::read(text)
        .map_err(|cause| Refusal::new(format!("The expression {text} cannot be read: {cause}.")))?;
    Ok(written(&tree))
}

/// The query of a view.
pub(super) fn query(text: &str) -> Result<String, Refusal> {
    let mut statements = Parser::parse_sql(&MySqlDialect {}, text)
        .map_err(|cause| Refusal::new(format!("the query cannot be read: {cause}.")))?;
    match (statements.pop(), statements.is_empty()) {
        (Some(Tree::Query(query)), true) => Ok(written(&query)),
        _ => Err(Refusal::new("a view is made of one SELECT.")),
    }
}

/// What stands for the value of a number while a statement is written: no text of a template has such signs.
fn stand_in(number: usize) -> String {
    format!("\u{1}{number}\u{2}")
}

/// Takes texts with variables out of a statement.
struct TakeOut(Vec<String>);

impl VisitorMut for TakeOut {
    type Break = ();

    fn pre_visit_value(&mut self, value: &mut ValueWithSpan) -> ControlFlow<()> {
        if let Value::SingleQuotedString(text) | Value::DoubleQuotedString(text) = &value.value
            && (variables::has_variable(text) || text.contains('\u{1}'))
        {
            let number = self.0.len();
            self.0.push(text.clone());
            value.value = Value::SingleQuotedString(stand_in(number));
        }
        ControlFlow::Continue(())
    }
}

/// A statement over rows, its texts with variables bound.
pub(super) fn rows(statement: &Tree) -> Result<Statement, Refusal> {
    let mut tree = statement.clone();
    let mut taken = TakeOut(Vec::new());
    let _ = tree.visit(&mut taken);
    let text = written(&tree);
    let mut pieces = text.split("'\u{1}");
    let mut sql = pieces.next().unwrap_or_default().to_owned();
    let mut values = Vec::new();
    for piece in pieces {
        let value = piece
            .split_once("\u{2}'")
            .and_then(|(number, rest)| Some((taken.0.get(number.parse::<usize>().ok()?)?, rest)));
        let Some((value, rest)) = value else {
            return Err(Refusal::new(format!("{statement} cannot be read back; write it more simply.")));
        };
        values.push(value.clone());
        sql.push('?');
        sql.push_str(rest);
    }
    Ok(Statement { sql, values })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statement(text: &str) -> Tree {
        Parser::parse_sql(&MySqlDialect {}, text).unwrap().remove(0)
    }

    #[test]
    fn arrows_become_functions_wherever_they_are() {
        assert_eq!(render("data->>'$.a' = 'x'").unwrap(), "JSON_UNQUOTE(JSON_EXTRACT(data, '$.a')) = 'x'");
        let view = query("SELECT t.data -> '$.b' AS b FROM t WHERE data ->> '$.c' > 1").unwrap();
        assert_eq!(
            view,
            "SELECT JSON_EXTRACT(t.data, '$.b') AS b FROM t WHERE JSON_UNQUOTE(JSON_EXTRACT(data, '$.c')) > 1"
        );
    }

    #[test]
    fn texts_with_variables_are_bound_in_the_order_of_the_text() {
        let found = rows(&statement(
            r"INSERT INTO t (a, b) VALUES ('{{TENANT_NAME}}', 'C:\\x'), ('plain ''q''', 'by {{OWNER_EMAIL}}')
              ON DUPLICATE KEY UPDATE a = '{{TENANT_ID}}'",
        ))
        .unwrap();
        assert_eq!(found.values, ["{{TENANT_NAME}}", "by {{OWNER_EMAIL}}", "{{TENANT_ID}}"]);
        assert_eq!(
            found.sql,
            r"INSERT INTO t (a, b) VALUES (?, 'C:\\x'), ('plain ''q''', ?) ON DUPLICATE KEY UPDATE a = ?"
        );
    }
}
