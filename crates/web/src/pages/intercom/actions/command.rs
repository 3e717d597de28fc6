//! A run as the command that does the same.

use earmark_actions::Inputs;

/// The command; each value stands in quotes that no shell looks into.
pub(super) fn command(action: &str, connection: &str, email: &str, inputs: &Inputs) -> String {
    let mut words = format!(
        "earmark actions run {} --connection {connection} --as {}",
        quoted(action),
        quoted(email)
    );
    for (name, value) in inputs.filled() {
        words.push_str(" --input ");
        words.push_str(&quoted(&format!("{name}={value}")));
    }
    words
}

fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.@=/:+".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_reaches_the_shell() {
        let inputs = [("name", "it's $(rm -rf ~)"), ("role", "user")];
        let inputs = inputs.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let words = command(
            "contacts.create",
            "c1",
            "a@b.example",
            &Inputs::new(inputs, []),
        );
        assert_eq!(
            words,
            r"earmark actions run contacts.create --connection c1 --as a@b.example --input 'name=it'\''s $(rm -rf ~)' --input role=user"
        );
    }
}
