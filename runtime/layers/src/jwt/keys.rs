//! Keys of tokens: read out of PEM, and used by ring.

use std::sync::Arc;

use kiteline_core::error::Error;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey, VerificationAlgorithm,
};
use ring::{hmac, rand};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{PrivateKeyDer, SubjectPublicKeyInfoDer};

/// Bytes that a secret should have (RFC 7518, section 3.2).
const SECRET: usize = 32;

/// The identifiers of the algorithms of public keys, as DER has them behind the tag and the length of their sequence:
/// `rsaEncryption` without parameters, and `id-ecPublicKey` on `prime256v1` (RFC 3279, section 2.3).
const RSA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";
const P256: &[u8] = b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07";

/// A key, with the one algorithm that it is used for.
#[derive(Clone)]
pub(super) enum Key {
    Hs256(hmac::Key),
    Rs256(Arc<[u8]>, Option<Arc<RsaKeyPair>>),
    Es256(Arc<[u8]>, Option<Arc<EcdsaKeyPair>>),
}

impl Key {
    pub(super) fn hs256(secret: &[u8]) -> Result<Self, Error> {
        if secret.is_empty() {
            return Err(Error::invalid("the secret of the tokens is empty"));
        }
        if secret.len() < SECRET {
            let bytes = secret.len();
            tracing::warn!(target: "runtime::layers::jwt", bytes, "the secret of the tokens is shorter than {SECRET} bytes");
        }
        Ok(Self::Hs256(hmac::Key::new(hmac::HMAC_SHA256, secret)))
    }

    pub(super) fn rs256(pem: &[u8]) -> Result<Self, Error> {
        if !is_private(pem) {
            return Ok(Self::Rs256(public(pem, RSA)?.into(), None));
        }
        let pair = match private(pem)? {
            PrivateKeyDer::Pkcs8(der) => RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()),
            PrivateKeyDer::Pkcs1(der) => RsaKeyPair::from_der(der.secret_pkcs1_der()),
            _ => return Err(unfit(&"it is not a key of RSA")),
        };
        let pair = pair.map_err(|error| unfit(&error))?;
        Ok(Self::Rs256(pair.public().as_ref().into(), Some(Arc::new(pair))))
    }

    pub(super) fn es256(pem: &[u8]) -> Result<Self, Error> {
        if !is_private(pem) {
            return Ok(Self::Es256(public(pem, P256)?.into(), None));
        }
        let PrivateKeyDer::Pkcs8(der) = private(pem)? else {
            return Err(unfit(&"it is not PKCS#8, which `openssl pkcs8 -topk8 -nodes` makes of it"));
        };
        let made =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der.secret_pkcs8_der(), &SystemRandom::new());
        let pair = made.map_err(|error| unfit(&error))?;
        Ok(Self::Es256(pair.public_key().as_ref().into(), Some(Arc::new(pair))))
    }

    /// Its name in the header of a token.
    pub(super) fn algorithm(&self) -> &'static str {
        match self {
            Self::Hs256(_) => "HS256",
            Self::Rs256(..) => "RS256",
            Self::Es256(..) => "ES256",
        }
    }

    /// Whether a signature is of this key.
    pub(super) fn verifies(&self, signed: &[u8], signature: &[u8]) -> bool {
        let by = |algorithm: &'static dyn VerificationAlgorithm, key: &[u8]| {
            UnparsedPublicKey::new(algorithm, key).verify(signed, signature).is_ok()
        };
        match self {
            Self::Hs256(key) => hmac::verify(key, signed, signature).is_ok(),
            Self::Rs256(key, _) => by(&RSA_PKCS1_2048_8192_SHA256, key),
            Self::Es256(key, _) => by(&ECDSA_P256_SHA256_FIXED, key),
        }
    }

    pub(super) fn sign(&self, text: &[u8]) -> Result<Vec<u8>, Error> {
        let public = || Error::invalid("tokens are signed with a private key, and this one is public");
        let failed = |_| Error::internal("the token could not be signed");
        let random: &dyn rand::SecureRandom = &SystemRandom::new();
        match self {
            Self::Hs256(key) => Ok(hmac::sign(key, text).as_ref().to_vec()),
            Self::Rs256(_, pair) => {
                let pair = pair.as_ref().ok_or_else(public)?;
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, random, text, &mut signature).map_err(failed)?;
                Ok(signature)
            }
            Self::Es256(_, pair) => {
                let signature = pair.as_ref().ok_or_else(public)?.sign(random, text).map_err(failed)?;
                Ok(signature.as_ref().to_vec())
            }
        }
    }
}

#[cold]
fn unfit(why: &dyn std::fmt::Display) -> Error {
    Error::invalid(format!("the key of the tokens cannot be used: {why}"))
}

fn is_private(pem: &[u8]) -> bool {
    String::from_utf8_lossy(pem).contains("PRIVATE KEY-----")
}

fn private(pem: &[u8]) -> Result<PrivateKeyDer<'static>, Error> {
    PrivateKeyDer::from_pem_slice(pem).map_err(|error| unfit(&error))
}

/// The key in a public key (`SubjectPublicKeyInfo`, RFC 5280, section 4.1) of an algorithm.
fn public(pem: &[u8], algorithm: &[u8]) -> Result<Vec<u8>, Error> {
    let der = SubjectPublicKeyInfoDer::from_pem_slice(pem).map_err(|error| unfit(&error))?;
    let other = || unfit(&"it is a key of another algorithm, or damaged");
    let (info, _) = value(&der, 0x30).ok_or_else(other)?;
    let (identifier, rest) = value(info, 0x30).ok_or_else(other)?;
    let (bits, _) = value(rest, 0x03).ok_or_else(other)?;
    // The first byte counts the bits that the last one has too many.
    let key = bits.strip_prefix(&[0]).filter(|_| identifier == algorithm).ok_or_else(other)?;
    Ok(key.to_vec())
}

/// The value of a tag at the beginning of DER, and what is behind it.
fn value(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let [first, length, rest @ ..] = der else { return None };
    let (length, rest) = match *length {
        short @ ..0x80 => (usize::from(short), rest),
        // A length in one byte more, or in two.
        long => {
            let (bytes, rest) =
                rest.split_at_checked(usize::from(long & 0x7f)).filter(|(bytes, _)| bytes.len() <= 2)?;
            (bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
        }
    };
    rest.split_at_checked(length).filter(|_| *first == tag)
}
