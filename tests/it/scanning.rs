//! The rules that we give to secret scanners find every key, and nothing else.

use meshkey::domain::{Prefix, Secret};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use regex::Regex;

const GITLEAKS: &str = include_str!("../../docs/reference/scanning/gitleaks.toml");
const TRUFFLEHOG: &str = include_str!("../../docs/reference/scanning/trufflehog.yaml");

/// Each scanner's expression, and the words without which it does not look.
fn rules() -> [(Regex, Vec<String>); 2] {
    let gitleaks: toml::Table = GITLEAKS.parse().unwrap();
    let rule = &gitleaks["rules"][0];
    let words = rule["keywords"].as_array().unwrap().iter().map(|word| word.as_str().unwrap().to_owned()).collect();
    let first = (Regex::new(rule["regex"].as_str().unwrap()).unwrap(), words);
    let trufflehog: serde_json::Value = serde_saphyr::from_str(TRUFFLEHOG).unwrap();
    let rule = &trufflehog["detectors"][0];
    let words = rule["keywords"].as_array().unwrap().iter().map(|word| word.as_str().unwrap().to_owned()).collect();
    [first, (Regex::new(rule["regex"]["token"].as_str().unwrap()).unwrap(), words)]
}

#[test]
fn every_key_is_found_in_whatever_it_stands() {
    for (expression, words) in rules() {
        for _ in 0..500 {
            let secret = Secret::generate(&Prefix::default()).unwrap();
            let key = secret.reveal();
            for text in
                [key.to_owned(), format!("KEY={key}\n"), format!("\"{key}\","), format!("Bearer {key}; x={key}")]
            {
                let found: Vec<_> = expression.captures_iter(&text).map(|found| found[1].to_owned()).collect();
                assert!(!found.is_empty() && found.iter().all(|found| found.as_str() == key));
                assert!(words.iter().all(|word| text.contains(word.as_str())));
            }
        }
    }
}

#[test]
fn nothing_is_found_in_a_million_words() {
    let mut random = StdRng::seed_from_u64(7);
    let alphabet = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    let mut word = |longest: usize| -> String {
        let length = random.random_range(1..longest);
        (0..length).map(|_| char::from(alphabet[random.random_range(0..alphabet.len())])).collect()
    };
    let words: Vec<String> = (0..1_000_000).map(|number| word(if number % 10 == 0 { 80 } else { 14 })).collect();
    for (expression, _) in rules() {
        assert!(words.iter().all(|word| !expression.is_match(word)));
        // Nor in what only looks like the beginning of one, or is longer than one.
        for near in [format!("mshk_{}", "a".repeat(48)), format!("mshk_{}", "a".repeat(50)), "mshk_".to_owned()] {
            assert!(!expression.is_match(&near), "{near}");
        }
    }
}
