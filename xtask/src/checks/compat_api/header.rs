//! The part of the header that refuses names.

use super::table::{Kind, Place, Removed, Row, groups};

/// For each row of the table, the lines that refuse its names.
pub fn header(rows: &[Row]) -> String {
    let mut text = String::new();
    for group in groups(rows) {
        let (condition, title) = match group[0].removed {
            Removed::In(minor) => (
                format!("Py_COMPAT_API_CHECKED_ >= 0x03{minor:02X}0000"),
                format!("removed in Python 3.{minor}"),
            ),
            Removed::Later => (
                "Py_COMPAT_API_CHECKED_ >= Py_COMPAT_API_VERSION_MAX".to_owned(),
                "to be removed, no date".to_owned(),
            ),
            Removed::Lint => (
                "defined(Py_COMPAT_API_LINT) && !defined(Py_LIMITED_API)".to_owned(),
                "better avoided".to_owned(),
            ),
        };
        text += &format!("/* ---- {title} */\n#if {condition}\n");
        for row in group.iter().filter(|row| row.kind != Kind::Behaviour) {
            let refusals = row.names.iter().map(|name| refusal(row, name));
            let refusals: String = refusals.collect();
            text += &match row.place {
                Place::Since(minor) => {
                    format!("#if PY_VERSION_HEX >= 0x03{minor:02X}0000\n{refusals}#endif\n")
                }
                _ => refusals,
            };
        }
        text += "#endif\n\n";
    }
    text.truncate(text.trim_end().len());
    text + "\n"
}

/// The lines that refuse one name.
fn refusal(row: &Row, name: &str) -> String {
    let message = row.message(name);
    let literal = format!("\"{}\"", message.replace('"', "\\\""));
    // Only the member's own name stands where it is used.
    let word = name.split_once('.').map_or(name, |(_, member)| member);
    match row.kind {
        Kind::Symbol => format!("#undef {word}\n"),
        Kind::Constant => {
            format!("#undef {word}\nPy_COMPAT_API_NO_CONSTANT_({word}, {literal})\n")
        }
        _ => {
            let words = identifier(&message);
            format!(
                "#undef {word}\n#define {word} \\\n    Py_COMPAT_API_GONE_({word}, \\\n        \
                 {literal}, \\\n        {words})\n"
            )
        }
    }
}

/// Turns a sentence into an identifier, for compilers whose message can only contain a name.
fn identifier(sentence: &str) -> String {
    let mut word = String::new();
    for letter in sentence.chars() {
        if letter.is_ascii_alphanumeric() || letter == '_' {
            word.push(letter);
        } else if !word.ends_with('_') {
            word.push('_');
        }
    }
    word.trim_end_matches('_').to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::table::{EXAMPLE, parse};
    use super::*;

    #[test]
    fn the_header_refuses_each_kind_in_its_way() {
        let text = header(&parse(EXAMPLE).unwrap());
        let expected = r#"/* ---- removed in Python 3.16 */
#if Py_COMPAT_API_CHECKED_ >= 0x03100000
#undef PyA
#define PyA \
    Py_COMPAT_API_GONE_(PyA, \
        "PyA is removed in Python 3.16; use PyConfig_Get(\"a\")", \
        PyA_is_removed_in_Python_3_16_use_PyConfig_Get_a)
#if PY_VERSION_HEX >= 0x030C0000
#undef member
#define member \
    Py_COMPAT_API_GONE_(member, \
        "PyS.member is removed in Python 3.16; it is not needed", \
        PyS_member_is_removed_in_Python_3_16_it_is_not_needed)
#endif
#endif

/* ---- to be removed, no date */
#if Py_COMPAT_API_CHECKED_ >= Py_COMPAT_API_VERSION_MAX
#undef PY_C
Py_COMPAT_API_NO_CONSTANT_(PY_C, "PY_C is deprecated since Python 3.13 and will be removed; use PyD")
#endif

/* ---- better avoided */
#if defined(Py_COMPAT_API_LINT) && !defined(Py_LIMITED_API)
#undef PY_S
#endif
"#
        .replace("\\\\", "\\");
        assert_eq!(text, expected);
    }
}
