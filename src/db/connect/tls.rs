//! How far the server's certificate is looked at.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::error::Error;

/// What has to be true of the server's certificate.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Check {
    /// Nothing: it only serves to encrypt.
    Nothing,
    /// An authority that we trust has signed it.
    Authority,
    /// And it is for the host that we asked for.
    AuthorityAndName,
}

/// What the address says about TLS.
pub(super) struct Wanted {
    pub(super) check: Check,
    pub(super) root: Option<PathBuf>,
    pub(super) certificate: Option<PathBuf>,
    pub(super) key: Option<PathBuf>,
    pub(super) is_direct: bool,
}

impl Wanted {
    /// What makes connections like that.
    pub(super) fn connector(self) -> Result<MakeRustlsConnect, Error> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let verifier = Arc::new(Verifier::new(self.check, self.root.as_deref(), &provider)?);
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(verifier);
        let mut config = match identity(self.certificate, self.key)? {
            None => builder.with_no_client_auth(),
            Some((certificates, key)) => builder.with_client_auth_cert(certificates, key)?,
        };
        if self.is_direct {
            config.alpn_protocols = vec![b"postgresql".to_vec()];
        }
        Ok(MakeRustlsConnect::new(config))
    }
}

type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn identity(certificate: Option<PathBuf>, key: Option<PathBuf>) -> Result<Option<Identity>, Error> {
    let (certificate, key) = match (certificate, key) {
        (None, None) => return Ok(None),
        (Some(certificate), Some(key)) => (certificate, key),
        _ => return Err(Error::HalfIdentity),
    };
    let certificates = certificates("sslcert", &certificate)?;
    let key = PrivateKeyDer::from_pem_file(&key).map_err(unusable("sslkey", &key))?;
    Ok(Some((certificates, key)))
}

fn certificates(option: &'static str, path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let certificates = read.map_err(unusable(option, path))?;
    if certificates.is_empty() {
        return Err(unusable(option, path)("it holds no certificate"));
    }
    Ok(certificates)
}

fn unusable<E: ToString>(option: &'static str, path: &Path) -> impl Fn(E) -> Error {
    move |cause| Error::File { option, path: path.to_owned(), cause: cause.to_string() }
}

fn authorities(file: Option<&Path>) -> Result<RootCertStore, Error> {
    let mut roots = RootCertStore::empty();
    match file {
        Some(path) => {
            for certificate in certificates("sslrootcert", path)? {
                roots.add(certificate).map_err(unusable("sslrootcert", path))?;
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    if roots.is_empty() { Err(Error::NoAuthorities) } else { Ok(roots) }
}

/// Judges a certificate as far as the address wants. That the server holds its key is always checked.
#[derive(Debug)]
enum Verifier {
    Nothing(Arc<CryptoProvider>),
    Authority(Arc<WebPkiServerVerifier>),
    AuthorityAndName(Arc<WebPkiServerVerifier>),
}

impl Verifier {
    fn new(check: Check, root: Option<&Path>, provider: &Arc<CryptoProvider>) -> Result<Self, Error> {
        if check == Check::Nothing {
            return Ok(Self::Nothing(Arc::clone(provider)));
        }
        let roots = Arc::new(authorities(root)?);
        let verifier = WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(provider));
        let verifier = verifier.build().map_err(|_| Error::NoAuthorities)?;
        Ok(if check == Check::Authority { Self::Authority(verifier) } else { Self::AuthorityAndName(verifier) })
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        match self {
            Self::Nothing(_) => Ok(ServerCertVerified::assertion()),
            Self::AuthorityAndName(full) => full.verify_server_cert(certificate, intermediates, name, ocsp, now),
            Self::Authority(full) => forgive_name(full.verify_server_cert(certificate, intermediates, name, ocsp, now)),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        match self {
            Self::Nothing(provider) => {
                let algorithms = &provider.signature_verification_algorithms;
                verify_tls12_signature(message, certificate, signature, algorithms)
            }
            Self::Authority(full) | Self::AuthorityAndName(full) => {
                full.verify_tls12_signature(message, certificate, signature)
            }
        }
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        match self {
            Self::Nothing(provider) => {
                let algorithms = &provider.signature_verification_algorithms;
                verify_tls13_signature(message, certificate, signature, algorithms)
            }
            Self::Authority(full) | Self::AuthorityAndName(full) => {
                full.verify_tls13_signature(message, certificate, signature)
            }
        }
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        match self {
            Self::Nothing(provider) => provider.signature_verification_algorithms.supported_schemes(),
            Self::Authority(full) | Self::AuthorityAndName(full) => full.supported_verify_schemes(),
        }
    }
}

/// The name is looked at last: who fails only there has passed everything else.
fn forgive_name(judged: Result<ServerCertVerified, rustls::Error>) -> Result<ServerCertVerified, rustls::Error> {
    match judged {
        Err(rustls::Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        )) => Ok(ServerCertVerified::assertion()),
        other => other,
    }
}
