//! Rules of a policy as they are said on the command line: `longest_life=90d`.

use serde_json::{Map, Value, json};

use super::Failure;
use crate::domain::{
    Span,
    policy::{Issuers, Rule, Says},
};

/// What is to become of the policy, as a body of the API. What no rule can say is refused here, where its values can be told.
pub(super) fn patch(said: &[String]) -> Result<Value, Failure> {
    let mut patch = Map::new();
    for one in said {
        let wrong =
            || Failure::Usage(format!("'{one}': expected a rule and what it is to say, such as longest_life=90d"));
        let (rule, value) = one.split_once('=').ok_or_else(wrong)?;
        let rule: Rule = rule.replace('-', "_").parse().map_err(|error| Failure::Usage(format!("{error}")))?;
        let value = read(rule, value).map_err(|why| Failure::Usage(format!("'{one}': {why}")))?;
        if patch.insert(rule.name().to_owned(), value).is_some() {
            return Err(Failure::Usage(format!("{} is there twice", rule.name())));
        }
    }
    Ok(Value::Object(patch))
}

fn read(rule: Rule, value: &str) -> Result<Value, String> {
    match (rule.says(), value) {
        (_, "off" | "none" | "false") => Ok(Value::Null),
        (Says::Flag, "on" | "true") => Ok(json!(true)),
        (Says::Flag, _) => Err("expected on or off".to_owned()),
        (Says::Span, _) => value.parse::<Span>().map(|span| json!(span)).map_err(|error| format!("{error}, or off")),
        (Says::Issuers, _) => value.parse::<Issuers>().map(|by| json!(by)).map_err(|error| error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(said: &[&str]) -> Result<Value, String> {
        let said: Vec<String> = said.iter().map(|&one| one.to_owned()).collect();
        patch(&said).map_err(|failure| failure.to_string())
    }

    #[test]
    fn a_rule_says_what_it_can_and_else_its_values_are_told() {
        let wish = of(&["longest-life=90d", "note_required=on", "org_keys_by=owners", "topics_required=off"]);
        let patch =
            json!({ "longest_life": "90d", "note_required": true, "org_keys_by": "owners", "topics_required": null });
        assert_eq!(wish, Ok(patch));
        for (said, why) in [
            ("note_required=yes", "'note_required=yes': expected on or off"),
            ("note_required=90d", "'note_required=90d': expected on or off"),
            (
                "longest_life=on",
                "'longest_life=on': expected a number and s, m, h or d, such as \"24h\" or \"90d\", or off",
            ),
            ("org_keys_by=on", "'org_keys_by=on': unknown 'on'; known: anyone, people, owners, nobody"),
            ("org_keys_by=owner", "(did you mean 'owners'?)"),
        ] {
            let refused = of(&[said]).unwrap_err();
            assert!(refused.contains(why), "{refused}");
        }
    }
}
