//! Providers of OpenID Connect: from which source, in which order, and what is refused.

use super::*;

const URL: (&str, &str) = ("MESHKEY_PUBLIC_URL", "https://keys.example.org");
const SECRET: &str = "hunter2-of-the-client";

fn with_file(text: &str) -> Result<Settings, ConfigError> {
    let dir = TempDir::new().unwrap();
    load(&[URL, ("MESHKEY_CONFIG", &file(&dir, "meshkey.toml", text))])
}

fn refused(text: &str) -> String {
    with_file(text).err().map(|error| error.to_string()).expect("refused")
}

fn names(settings: &Settings) -> Vec<&str> {
    settings.providers.iter().map(|provider| provider.name.as_str()).collect()
}

#[test]
fn several_stand_in_the_file_in_their_order() {
    let settings = with_file(
        "[openid.zeta]\nissuer = 'https://zeta.example'\nclient_id = 'one'\n\
         [openid.my-corp]\ntitle = 'Corp'\nissuer = 'http://127.0.0.1:9/'\nclient_id = 'two'\nclient_secret = 'x'\nscopes = 'openid'\n",
    )
    .unwrap();
    assert_eq!(names(&settings), ["zeta", "my-corp"]);
    let [zeta, corp] = &settings.providers[..] else { panic!("two") };
    assert_eq!(
        (zeta.title.as_str(), zeta.issuer.as_str(), zeta.client_id.as_str()),
        ("zeta", "https://zeta.example", "one")
    );
    assert_eq!((zeta.scopes.join(" "), zeta.client_secret.is_none()), ("openid email profile".to_owned(), true));
    assert_eq!((corp.title.as_str(), corp.scopes.join(" ")), ("Corp", "openid".to_owned()));
    assert_eq!(corp.client_secret.as_ref().unwrap().reveal(), "x");
    assert_eq!(corp.text(&openid::CLIENT_SECRET), None);
    let Origin::File { line, .. } = corp.origin(&openid::ISSUER) else { panic!("of the file") };
    assert_eq!(*line, 6);
}

#[test]
fn the_environment_tells_of_them_too_and_counts_more() {
    let dir = TempDir::new().unwrap();
    let toml = file(&dir, "meshkey.toml", "[openid.corp]\nissuer = 'https://a.example'\nclient_id = 'one'\n");
    let secret = file(&dir, "secret", &format!("{SECRET}\n"));
    let settings = load(&[
        URL,
        ("MESHKEY_CONFIG", &toml),
        ("MESHKEY_OPENID_CORP_ISSUER", "https://b.example"),
        ("MESHKEY_OPENID_CORP_CLIENT_SECRET_FILE", &secret),
        ("MESHKEY_OPENID_A_B_ISSUER", "https://c.example"),
        ("MESHKEY_OPENID_A_B_CLIENT_ID", "two"),
        ("MESHKEY_OPENID_A_B_TITLE", ""),
    ])
    .unwrap();
    assert_eq!(names(&settings), ["corp", "a-b"]);
    assert_eq!(settings.providers[0].issuer, "https://b.example");
    assert_eq!(settings.providers[0].client_secret.as_ref().unwrap().reveal(), SECRET);
    assert_eq!(settings.providers[1].title, "a-b");
}

#[test]
fn the_secret_may_be_in_a_file_or_a_credential() {
    let dir = TempDir::new().unwrap();
    let secret = file(&dir, "openid_corp_client_secret", SECRET);
    let head = "[openid.corp]\nissuer = 'https://a.example'\nclient_id = 'one'\n";
    let named = with_file(&format!("{head}client_secret_file = '{secret}'")).unwrap();
    let toml = file(&dir, "meshkey.toml", head);
    let place = dir.path().to_str().unwrap();
    let passed_on = load(&[URL, ("MESHKEY_CONFIG", &toml), ("CREDENTIALS_DIRECTORY", place)]).unwrap();
    for settings in [named, passed_on] {
        assert_eq!(settings.providers[0].client_secret.as_ref().unwrap().reveal(), SECRET);
    }
    file(&dir, "openid_crop_client_secret", SECRET);
    let said = refusal(&[URL, ("MESHKEY_CONFIG", &toml), ("CREDENTIALS_DIRECTORY", place)]);
    assert_eq!(said, "unknown credential openid_crop_client_secret: did you mean openid_corp_client_secret?");
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let whole = |more: &str| format!("[openid.corp]\nissuer = 'https://a.example'\nclient_id = 'one'\n{more}\n");
    for (text, said) in [
        (whole("isuer = 'x'"), "unknown key openid.corp.isuer in PATH: did you mean openid.corp.issuer?"),
        (
            whole("client_secret = 'a'\nclient_secret_file = 'b'"),
            "openid.corp.client_secret and openid.corp.client_secret_file are both set",
        ),
        (whole("title = ''"), "openid.corp.title cannot be `` (set by PATH:4): give 1 to 64 characters"),
        (
            whole("scopes = 'email'"),
            "openid.corp.scopes cannot be `email` (set by PATH:4): give scopes by spaces with openid",
        ),
        ("[openid.Corp]".to_owned(), "a key of openid cannot be `Corp` (set by PATH:1): give a name of at most 32"),
        ("openid = 'x'".to_owned(), "openid cannot be a TOML string (set by PATH:1): give a table for each provider"),
        (
            "[openid.corp]\nclient_id = 'x'".to_owned(),
            "openid.corp is set by PATH:2, but openid.corp.issuer is not: set openid.corp.issuer too, ",
        ),
        (
            "[openid.corp]\nissuer = 'http://a.example'".to_owned(),
            "openid.corp.issuer cannot be `http://a.example` (set by PATH:2): give ",
        ),
        ("[openid.corp]\nissuer = 'https://a.example/?x'".to_owned(), "openid.corp.issuer cannot be "),
    ] {
        let dir = TempDir::new().unwrap();
        let path = file(&dir, "meshkey.toml", &text);
        let told = refusal(&[URL, ("MESHKEY_CONFIG", &path)]);
        assert!(told.starts_with(&said.replace("PATH", &path)), "{told}");
    }
    assert!(!refused(&whole(&format!("client_secret = \"{SECRET}\\u0000\""))).contains(SECRET));
    assert!(refused("[openid.corp]\nclient_id = 'x'").contains("openid.corp.issuer is not"));
}

#[test]
fn a_variable_that_is_nearly_one_of_theirs_is_refused() {
    for (given, meant) in [
        ("MESHKEY_OPENID_CORP_ISUER", "MESHKEY_OPENID_CORP_ISSUER"),
        ("MESHKEY_OPENID_A_B_CLIENTID", "MESHKEY_OPENID_A_B_CLIENT_ID"),
    ] {
        assert_eq!(refusal(&[(given, "x")]), format!("unknown environment variable {given}: did you mean {meant}?"));
    }
    for bad in
        ["MESHKEY_OPENID_ISSUER", "MESHKEY_OPENID__ISSUER", "MESHKEY_OPENID_corp_ISSUER", "MESHKEY_OPENID_1_ISSUER"]
    {
        assert!(refusal(&[(bad, "x")]).starts_with(&format!("unknown environment variable {bad}")));
    }
}

#[test]
fn a_provider_needs_to_know_where_it_sends_people_back_to() {
    let variables = [("MESHKEY_OPENID_A_ISSUER", "https://a.example"), ("MESHKEY_OPENID_A_CLIENT_ID", "one")];
    let said = "openid.a.issuer is set by MESHKEY_OPENID_A_ISSUER, but public_url is not: \
                set public_url too, or unset openid.a.issuer";
    assert_eq!(refusal(&variables), said);
}
