//! A device with a passkey, as far as the service sees one: ES256, no attestation, a counter (the standard, 6.1 and 6.5).

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::house::House;

const PRESENT: u8 = 1;
const VERIFIED: u8 = 4;
const MAY_BE_COPIED: u8 = 8 | 16;
const HAS_KEY: u8 = 64;

/// One passkey, and how its device behaves.
pub struct Authenticator {
    pub pair: EcdsaKeyPair,
    pub id: Vec<u8>,
    /// The page that asks.
    pub origin: String,
    /// What it was made for.
    pub site: String,
    /// How often it was used, and one more.
    pub counter: u32,
    pub is_verifying: bool,
    pub is_synced: bool,
    /// Whom it says that it is of.
    pub user: Option<String>,
}

impl Authenticator {
    /// One at this house.
    pub fn new(house: &House) -> Self {
        let port = house.stranger().base().rsplit(':').next().unwrap().trim_end_matches('/').to_owned();
        Self::at(&format!("http://localhost:{port}"), "localhost")
    }

    /// One at this origin.
    pub fn at(origin: &str, site: &str) -> Self {
        let id = uuid::Uuid::new_v4().as_bytes().to_vec();
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        let (origin, site) = (origin.to_owned(), site.to_owned());
        Self { pair, id, origin, site, counter: 1, is_verifying: true, is_synced: false, user: None }
    }

    /// What it answers when it is to make a passkey.
    pub fn make(&mut self, options: &Value) -> String {
        self.user = Some(options["user"]["id"].as_str().unwrap().to_owned());
        let point = self.pair.public_key().as_ref();
        let key = [&[0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32], &point[1..33], &[0x22, 0x58, 32], &point[33..65]];
        let length = u16::try_from(self.id.len()).unwrap().to_be_bytes();
        let data = [self.data(HAS_KEY), vec![0; 16], length.to_vec(), self.id.clone(), key.concat()].concat();
        let size = u16::try_from(data.len()).unwrap().to_be_bytes();
        let object = [b"\xa3cfmtdnonegattStmt\xa0hauthData\x59", size.as_slice(), &data].concat();
        let response =
            json!({ "attestationObject": text(&object), "clientDataJSON": text(&self.said("create", options)) });
        self.credential(&response)
    }

    /// What it answers when it is to show that it is there.
    pub fn show(&mut self, options: &Value) -> String {
        self.counter += 1;
        let (data, said) = (self.data(0), self.said("get", options));
        let signed = [data.as_slice(), &Sha256::digest(&said)].concat();
        let signature = self.pair.sign(&SystemRandom::new(), &signed).unwrap();
        let response = json!({
            "authenticatorData": text(&data), "clientDataJSON": text(&said), "signature": text(signature.as_ref()),
            "userHandle": self.user,
        });
        self.credential(&response)
    }

    fn data(&self, more: u8) -> Vec<u8> {
        let flags = [(PRESENT, true), (VERIFIED, self.is_verifying), (MAY_BE_COPIED, self.is_synced)];
        let flags = flags.iter().filter(|(_, is_set)| *is_set).fold(more, |flags, (flag, _)| flags | flag);
        [Sha256::digest(&self.site).as_slice(), &[flags], &self.counter.to_be_bytes()].concat()
    }

    fn said(&self, what: &str, options: &Value) -> Vec<u8> {
        let said = json!({
            "type": format!("webauthn.{what}"), "challenge": options["challenge"], "origin": self.origin, "crossOrigin": false,
        });
        said.to_string().into_bytes()
    }

    fn credential(&self, response: &Value) -> String {
        let id = text(&self.id);
        json!({ "id": id, "rawId": id, "type": "public-key", "response": response, "clientExtensionResults": {} })
            .to_string()
    }
}

fn text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
