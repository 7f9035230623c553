//! Tokens that are sound, and each way in which one is not. The keys and the tokens of RS256 and ES256 are of openssl.

use kiteline_core::error::Code;
use serde_json::json;

use super::*;
use crate::authentication::Authentication;
use crate::tests::{ADD, around, called};

const SECRET: &str = "0123456789abcdef0123456789abcdef";

const RSA: &str = include_str!("rsa.pem");
const RSA_PUBLIC: &str = include_str!("rsa.pub.pem");
const P256: &str = include_str!("p256.pem");
const P256_PUBLIC: &str = include_str!("p256.pub.pem");
const P384_PUBLIC: &str = include_str!("p384.pub.pem");

/// Of `{"sub":"ann","exp":2000000000}`.
const RS256: &str = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhbm4iLCJleHAiOjIwMDAwMDAwMDB9.qpVrA0vVrjbsvMfD6F0Cmd69VlqLZNm_\
     S2tlbGECS1EVy0L0N4ugsZ7Sb0DmXV6KqrW7Lvvl1IoL33SZOsbXh4v5-rALjTlG1_6wOPI3RmadXU_rGuGp-pst0uNvYTA6xjVDAn_skEUD4p\
     0_hkYsQFN38CY9nZ39z9u_mqj_pAweN1LMrtrQSQUtkcECpYIxqO9wK11UNDNDS-_6NMfp-p2qw7-XZXGj1ZjkhISzsjpKQ75ETdBb-Ay0SmeS\
     l8peZ3CAyv1aQ_HXPbL-dGmqCO3qblgzuRTo53BhZp1tqTqaaN3jFjM4IF1TXS6ASrfolpj9opQmP592r6sVpu0HiA";
const ES256: &str = "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhbm4iLCJleHAiOjIwMDAwMDAwMDB9.6tM7Vx_rgwbSQJDNs_fHJFCBjYPR3DrS\
     1P24MMJZSjb9spMtGUiOHrFvJ3pclyP8nB2H4d7sOTmqDkRsWSqSPw";

/// RFC 7515, appendix A.1: it expires at 1300819380, and its secret is in base64.
const RFC_TOKEN: &str = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.\
     eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.\
     dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const RFC_SECRET: &str = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";

fn hs256() -> Jwt<Value> {
    Jwt::hs256(SECRET).unwrap().claims()
}

/// A token of HS256 with any header and claims.
fn token(header: &str, claims: &str) -> String {
    let signed = encode(header.as_bytes()) + "." + &encode(claims.as_bytes());
    let signature = Key::hs256(SECRET.as_bytes()).unwrap().sign(signed.as_bytes()).unwrap();
    signed + "." + &encode(&signature)
}

fn of_claims(claims: &Value) -> String {
    token(r#"{"alg":"HS256"}"#, &claims.to_string())
}

fn refused<C: DeserializeOwned>(jwt: &Jwt<C>, token: &str, now: u64) -> String {
    let error = jwt.check_at(token, now).map(|_| "it was taken").unwrap_err();
    assert_eq!(error.code(), Code::Unauthenticated);
    error.message().to_owned()
}

#[test]
fn tokens_of_others_are_read() {
    let jwt = Jwt::hs256(decode(RFC_SECRET).unwrap()).unwrap().claims::<Value>().leeway(Duration::ZERO);
    assert_eq!(jwt.check_at(RFC_TOKEN, 1_300_819_379).unwrap()["http://example.com/is_root"], true);
    assert_eq!(refused(&jwt, RFC_TOKEN, 1_300_819_380), "the token has expired");
    let ann = Claims { sub: "ann".to_owned(), exp: 2_000_000_000 };
    for key in [RSA, RSA_PUBLIC] {
        assert_eq!(Jwt::rs256(key).unwrap().check_at(RS256, 1).unwrap(), ann);
    }
    for key in [P256, P256_PUBLIC] {
        assert_eq!(Jwt::es256(key).unwrap().check_at(ES256, 1).unwrap(), ann);
    }
}

#[test]
fn what_is_signed_is_taken() {
    let claims = Claims::new("ann", Duration::from_secs(60));
    for (jwt, public) in [
        (Jwt::hs256(SECRET), None),
        (Jwt::rs256(RSA), Some(Jwt::rs256(RSA_PUBLIC))),
        (Jwt::es256(P256), Some(Jwt::es256(P256_PUBLIC))),
    ] {
        let token = jwt.as_ref().unwrap().sign(&claims).unwrap();
        assert_eq!(jwt.unwrap().check(&token).unwrap(), claims);
        if let Some(public) = public.map(Result::unwrap) {
            assert_eq!(public.check(&token).unwrap(), claims);
            let text = "tokens are signed with a private key, and this one is public";
            assert_eq!(public.sign(&claims).unwrap_err().message(), text);
        }
    }
    let named = hs256().audience("kites").issuer("users");
    let claims = named.check(&named.sign(&claims).unwrap()).unwrap();
    assert_eq!((&claims["aud"], &claims["iss"]), (&json!("kites"), &json!("users")));
    for (claims, why) in
        [(json!([1]), "not an object"), (json!({"sub": "ann"}), "no `exp`"), (json!({"exp": "1"}), "no `exp`")]
    {
        assert!(named.sign(&claims).unwrap_err().message().contains(why), "{claims}");
    }
}

#[test]
fn tokens_of_another_key_or_algorithm_are_refused() {
    let other_key = "the token is signed with another key, or was changed";
    let other_algorithm = "the token is signed by an algorithm that is not taken here";
    let claims = r#"{"exp":2000000000}"#;
    assert_eq!(refused(&Jwt::hs256("another secret").unwrap(), &token(r#"{"alg":"HS256"}"#, claims), 1), other_key);
    for header in [
        r#"{"alg":"none"}"#,
        r#"{"alg":"HS512"}"#,
        r#"{"alg":"hs256"}"#,
        r#"{"alg":"HS256","crit":["b64"],"b64":false}"#,
    ] {
        assert_eq!(refused(&hs256(), &token(header, claims), 1), other_algorithm, "{header}");
    }
    let none = encode(br#"{"alg":"none"}"#) + "." + &encode(claims.as_bytes()) + ".";
    assert_eq!(refused(&hs256(), &none, 1), other_algorithm);
    // A public key, which everybody has, as the secret of HMAC.
    let confused = Jwt::hs256(RSA_PUBLIC).unwrap().sign(&json!({"exp": 2_000_000_000})).unwrap();
    assert_eq!(refused(&Jwt::rs256(RSA_PUBLIC).unwrap(), &confused, 1), other_algorithm);
    assert_eq!(refused(&hs256(), RS256, 1), other_algorithm);
    assert_eq!(refused(&Jwt::es256(P256_PUBLIC).unwrap(), RS256, 1), other_algorithm);
    // Each character counts, of the claims and of the signature.
    for text in [RS256, ES256] {
        let jwt = if text == RS256 { Jwt::rs256(RSA_PUBLIC) } else { Jwt::es256(P256_PUBLIC) }.unwrap();
        let claims = text.find('.').unwrap() + 1;
        for at in [claims, claims + 20, text.len() - 20] {
            let other = if &text[at..=at] == "A" { "B" } else { "A" };
            let changed = format!("{}{other}{}", &text[..at], &text[at + 1..]);
            assert_eq!(refused(&jwt, &changed, 1), other_key, "{at}");
        }
        let (signed, _) = text.rsplit_once('.').unwrap();
        for signature in ["", "AAAA", &"A".repeat(86), &"A".repeat(342)] {
            assert_eq!(refused(&jwt, &format!("{signed}.{signature}"), 1), other_key);
        }
    }
}

#[test]
fn malformed_tokens_are_refused() {
    let long = format!("{}.a.b", "a".repeat(LONGEST));
    let good = of_claims(&json!({"exp": 2_000_000_000}));
    let padded = format!("{good}=");
    let standard = good.replace(['-', '_'], "+");
    let four = format!("{good}.AAAA");
    for text in ["", ".", "..", "a.b", "a.b.c", "é.é.é", "e30.e30.e30", &long, &padded, &four] {
        assert_eq!(refused(&hs256(), text, 1), "the token is malformed", "{text}");
    }
    assert!(standard == good || refused(&hs256(), &standard, 1) == "the token is malformed");
    for claims in [
        "[2000000000]",
        "7",
        "",
        "{",
        r#"{"exp":"2000000000"}"#,
        r#"{"exp":2000000000,"nbf":"0"}"#,
        r#"{"exp":2000000000,"aud":7}"#,
        r#"{"exp":2000000000,"iss":["a"]}"#,
        r#"{"exp":1,"exp":2000000000}"#,
        r#"{"exp":true}"#,
    ] {
        assert_eq!(refused(&hs256(), &token(r#"{"alg":"HS256"}"#, claims), 1), "the token is malformed", "{claims}");
    }
    for header in [r#"["HS256"]"#, "{}", r#"{"alg":1}"#, r#"{"alg":"HS256","alg":"HS256"}"#] {
        assert_eq!(refused(&hs256(), &token(header, r#"{"exp":2000000000}"#), 1), "the token is malformed", "{header}");
    }
}

#[test]
fn claims_are_held_against_the_clock_and_who_asks() {
    let jwt = hs256();
    let verdict = |claims: Value, now| {
        jwt.check_at(&of_claims(&claims), now).map_or_else(|error| error.message().to_owned(), |_| "taken".to_owned())
    };
    assert_eq!(verdict(json!({"exp": 1000}), 1059), "taken");
    assert_eq!(verdict(json!({"exp": 1000}), 1060), "the token has expired");
    assert_eq!(verdict(json!({"exp": 1000.5}), 1060), "taken");
    assert_eq!(verdict(json!({"exp": -1e300}), 0), "the token has expired");
    assert_eq!(verdict(json!({"sub": "ann"}), 0), "the token does not say when it expires");
    assert_eq!(verdict(json!({"exp": null}), 0), "the token does not say when it expires");
    assert_eq!(verdict(json!({"exp": 2000, "nbf": 1000}), 939), "the token is not valid yet");
    assert_eq!(verdict(json!({"exp": 2000, "nbf": 1000}), 940), "taken");
    assert_eq!(verdict(json!({"exp": 2000, "aud": "kites"}), 0), "the token is for another audience");
    let jwt = hs256().audience("kites").issuer("users");
    let verdict = |claims: Value| {
        jwt.check_at(&of_claims(&claims), 0).map_or_else(|error| error.message().to_owned(), |_| "taken".to_owned())
    };
    assert_eq!(verdict(json!({"exp": 2000, "aud": "kites", "iss": "users"})), "taken");
    assert_eq!(verdict(json!({"exp": 2000, "aud": ["a", "kites"], "iss": "users"})), "taken");
    assert_eq!(verdict(json!({"exp": 2000, "aud": ["a"], "iss": "users"})), "the token is for another audience");
    assert_eq!(verdict(json!({"exp": 2000, "aud": [], "iss": "users"})), "the token is for another audience");
    assert_eq!(verdict(json!({"exp": 2000, "iss": "users"})), "the token is for another audience");
    assert_eq!(verdict(json!({"exp": 2000, "aud": "kites"})), "the token is of another issuer");
    assert_eq!(verdict(json!({"exp": 2000, "aud": "kites", "iss": "others"})), "the token is of another issuer");
    let typed = Jwt::hs256(SECRET).unwrap();
    let text = "the token has other claims than are needed here";
    assert_eq!(refused(&typed, &of_claims(&json!({"exp": 2_000_000_000})), 1), text);
}

#[test]
fn keys_that_do_not_fit_are_refused() {
    let why = |made: Result<Jwt, Error>| made.map(|_| "it was taken").unwrap_err().message().to_owned();
    assert_eq!(why(Jwt::hs256("")), "the secret of the tokens is empty");
    let other = "the key of the tokens cannot be used: it is a key of another algorithm, or damaged";
    assert_eq!(why(Jwt::rs256(P256_PUBLIC)), other);
    assert_eq!(why(Jwt::es256(RSA_PUBLIC)), other);
    assert_eq!(why(Jwt::es256(P384_PUBLIC)), other);
    for made in [Jwt::rs256(P256), Jwt::es256(RSA), Jwt::rs256(""), Jwt::es256("-----BEGIN PUBLIC KEY-----\nAAAA")] {
        assert!(why(made).starts_with("the key of the tokens cannot be used: "));
    }
    let empty = "-----BEGIN PUBLIC KEY-----\nMIM=\n-----END PUBLIC KEY-----\n";
    assert_eq!(why(Jwt::rs256(empty)), other);
    let jwt = Jwt::hs256(SECRET).unwrap();
    assert!(!format!("{jwt:?}").contains(SECRET), "{jwt:?}");
}

#[tokio::test]
async fn handlers_get_the_claims() {
    let jwt = Jwt::hs256(SECRET).unwrap();
    let token = jwt.sign(&Claims::new("ann", Duration::from_secs(60))).unwrap();
    let mut service = around(&Authentication::new(jwt), |call| {
        let claims = call.cx.value::<Claims>().unwrap();
        Ok(bytes::Bytes::from(claims.sub.clone()).into())
    });
    let cx = |token: &str| Context::new().with_header("authorization", format!("Bearer {token}"));
    assert_eq!(called(&mut service, &ADD, cx(&token)).await.unwrap().body.as_whole().unwrap(), "ann");
    let error = called(&mut service, &ADD, cx(&token[1..])).await.unwrap_err();
    assert_eq!(error.to_string(), "Unauthenticated: the token is malformed");
}
