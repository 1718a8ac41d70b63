//! Reading MySQL expressions, and what can be told of one by looking at it: that it is a constant, and which.

use sqlparser::{
    ast::{Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, UnaryOperator, Value},
    dialect::MySqlDialect,
    parser::Parser,
    tokenizer::Token,
};

/// Reads an expression of the template's dialect; the error is a sentence for its author.
pub(super) fn parse(mysql: &str) -> Result<Expr, String> {
    let unreadable = |reason: String| format!("The expression {mysql} cannot be read: {reason}.");
    let mut parser =
        Parser::new(&MySqlDialect {}).try_with_sql(mysql).map_err(|error| unreadable(error.to_string()))?;
    let expression = parser.parse_expr().map_err(|error| unreadable(error.to_string()))?;
    match parser.peek_token().token {
        Token::EOF => Ok(expression),
        token => Err(unreadable(format!("{token} is one word too many"))),
    }
}

/// The text of a constant.
pub(super) fn text_of(value: &Value) -> Option<&str> {
    match value {
        // To MySQL, double quotes are for texts too.
        Value::SingleQuotedString(text)
        | Value::DoubleQuotedString(text)
        | Value::NationalStringLiteral(text) => Some(text),
        _ => None,
    }
}

/// The text that an expression is, where it is a constant.
pub(super) fn constant_text(expression: &Expr) -> Option<&str> {
    match expression {
        Expr::Value(value) => text_of(&value.value),
        Expr::Nested(inner) => constant_text(inner),
        Expr::Prefixed { prefix, value } if prefix.value.starts_with('_') => constant_text(value),
        _ => None,
    }
}

/// The whole number that an expression is, where it is a constant.
pub(super) fn constant_integer(expression: &Expr) -> Option<i64> {
    match expression {
        Expr::Value(value) => match &value.value {
            Value::Number(number, _) => number.parse().ok(),
            other => text_of(other).and_then(|text| text.trim().parse().ok()),
        },
        Expr::Nested(inner) => constant_integer(inner),
        Expr::UnaryOp { op: UnaryOperator::Minus, expr } => constant_integer(expr).and_then(i64::checked_neg),
        _ => None,
    }
}

/// The plain arguments of a function; `None` where it has others (named ones, `*`, a query).
pub(super) fn arguments(function: &Function) -> Option<Vec<&Expr>> {
    match &function.args {
        FunctionArguments::None => Some(Vec::new()),
        FunctionArguments::Subquery(_) => None,
        FunctionArguments::List(list) => list
            .args
            .iter()
            .map(|argument| match argument {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(expression)) => Some(expression),
                _ => None,
            })
            .collect(),
    }
}
