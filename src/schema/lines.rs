//! What a column, an index and a key are, each in one line of the plan's MySQL words.

use super::{Column, Default, ForeignKey, Index, ReferentialAction, Type, model::TextSize, plain::plain};

/// A column's definition in one line.
pub fn column_text(column: &Column) -> String {
    let collation = column.collation.as_deref().map(|name| plain(name).to_owned());
    whole_column_text(&Column { collation, ..column.clone() })
}

/// A column's definition in one line, with all of the names in the model.
pub(super) fn whole_column_text(column: &Column) -> String {
    let mut text = column_text_without_comment(column);
    if let Some(comment) = &column.comment {
        text.push_str(" COMMENT ");
        text.push_str(&quoted(comment));
    }
    text
}

/// A column's definition in one line, but for its comment.
pub(super) fn column_text_without_comment(column: &Column) -> String {
    let mut text = column.ty.to_string();
    if let Some(collation) = &column.collation {
        text.push_str(" COLLATE ");
        text.push_str(collation);
    }
    if let Some(generated) = &column.generated {
        let how = if generated.stored { "STORED" } else { "VIRTUAL" };
        text.extend([" AS (", &generated.expression.replace('\n', " "), ") ", how]);
    }
    if !column.nullable {
        text.push_str(" NOT NULL");
    }
    if let Some(default) = &column.default {
        text.push_str(" DEFAULT ");
        text.push_str(&default.to_string());
    }
    if column.auto_increment {
        text.push_str(" AUTO_INCREMENT");
    }
    if column.on_update_now {
        text.push_str(" ON UPDATE CURRENT_TIMESTAMP");
    }
    text
}

/// An index in one line.
pub fn index_text(index: &Index) -> String {
    let parts: Vec<String> = index
        .parts
        .iter()
        .map(|part| {
            let column = if part.is_expression { format!("({})", part.column) } else { part.column.clone() };
            let prefix = part.prefix.map(|length| format!("({length})")).unwrap_or_default();
            format!("{column}{prefix}{}", if part.descending { " DESC" } else { "" })
        })
        .collect();
    let filter = index.filter.as_ref().map(|filter| format!(" WHERE {filter}")).unwrap_or_default();
    format!("{}({}){filter}", if index.unique { "UNIQUE " } else { "" }, parts.join(", "))
}

/// A foreign key in one line.
pub fn foreign_key_text(key: &ForeignKey) -> String {
    let action = |what: &str, action: ReferentialAction| match action {
        ReferentialAction::NoAction => String::new(),
        ReferentialAction::Cascade => format!(" ON {what} CASCADE"),
        ReferentialAction::SetNull => format!(" ON {what} SET NULL"),
        ReferentialAction::SetDefault => format!(" ON {what} SET DEFAULT"),
    };
    format!(
        "({}) REFERENCES {} ({}){}{}",
        key.columns.join(", "),
        key.foreign_table,
        key.foreign_columns.join(", "),
        action("DELETE", key.on_delete),
        action("UPDATE", key.on_update)
    )
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

impl std::fmt::Display for Default {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Default::Text(text) => f.write_str(&quoted(text)),
            Default::Number(number) => f.write_str(number),
            Default::Boolean(flag) => f.write_str(if *flag { "TRUE" } else { "FALSE" }),
            Default::Now(0) => f.write_str("CURRENT_TIMESTAMP"),
            Default::Now(digits) => write!(f, "CURRENT_TIMESTAMP({digits})"),
            Default::Uuid => f.write_str("(UUID())"),
            Default::Expression(text) => write!(f, "({text})"),
        }
    }
}

impl std::fmt::Display for Type {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sized = |size: TextSize| match size {
            TextSize::Tiny => "TINY",
            TextSize::Normal => "",
            TextSize::Medium => "MEDIUM",
            TextSize::Long => "LONG",
        };
        let fraction = |digits: u8| if digits == 0 { String::new() } else { format!("({digits})") };
        let sign = |unsigned: bool| if unsigned { " UNSIGNED" } else { "" };
        match self {
            Type::Integer { bits, unsigned } => {
                let word = match bits {
                    8 => "TINYINT",
                    16 => "SMALLINT",
                    24 => "MEDIUMINT",
                    32 => "INT",
                    _ => "BIGINT",
                };
                write!(f, "{word}{}", sign(*unsigned))
            }
            Type::Boolean => f.write_str("BOOLEAN"),
            Type::Decimal { precision, scale, unsigned } => {
                write!(f, "DECIMAL({precision},{scale}){}", sign(*unsigned))
            }
            Type::Float => f.write_str("FLOAT"),
            Type::Double => f.write_str("DOUBLE"),
            Type::Char(length) => write!(f, "CHAR({length})"),
            Type::Varchar(length) => write!(f, "VARCHAR({length})"),
            Type::Text(size) => write!(f, "{}TEXT", sized(*size)),
            Type::Binary(length) => write!(f, "BINARY({length})"),
            Type::Varbinary(length) => write!(f, "VARBINARY({length})"),
            Type::Blob(size) => write!(f, "{}BLOB", sized(*size)),
            Type::Date => f.write_str("DATE"),
            Type::Time(digits) => write!(f, "TIME{}", fraction(*digits)),
            Type::Datetime(digits) => write!(f, "DATETIME{}", fraction(*digits)),
            Type::Timestamp(digits) => write!(f, "TIMESTAMP{}", fraction(*digits)),
            Type::Year => f.write_str("YEAR"),
            Type::Json => f.write_str("JSON"),
            Type::Enum(values) => {
                write!(f, "ENUM({})", values.iter().map(|value| quoted(value)).collect::<Vec<_>>().join(", "))
            }
            Type::Other(text) => f.write_str(text),
        }
    }
}
