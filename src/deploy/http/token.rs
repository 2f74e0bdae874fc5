//! The secret that callers show when an endpoint wants one.

use std::fmt;
use std::hint::black_box;

use sha2::{Digest as _, Sha256};

use super::EndpointError;

/// Characters that a token has at least.
const SHORTEST: usize = 16;

/// A secret; only its digest is kept, and it shows itself nowhere.
#[derive(Clone, PartialEq, Eq)]
pub struct Token([u8; 32]);

impl Token {
    /// A token from the content of a file; white space around it does not count.
    ///
    /// # Errors
    /// When it is shorter than 16 characters, or has characters that a header cannot carry.
    pub fn new(text: &str) -> Result<Self, EndpointError> {
        let text = text.trim();
        if text.len() < SHORTEST {
            let why = format!("The token is shorter than {SHORTEST} characters. Put a longer one into its file.");
            return Err(EndpointError::Setting(why));
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            let why = "The token has other characters than letters, digits and signs. Put another one into its file.";
            return Err(EndpointError::Setting(why.to_owned()));
        }
        Ok(Self(Sha256::digest(text.as_bytes()).into()))
    }

    /// Whether this is the token. It takes the same time wherever the first difference is.
    pub fn is(&self, shown: &[u8]) -> bool {
        let shown: [u8; 32] = Sha256::digest(shown).into();
        let difference = self.0.iter().zip(&shown).fold(0_u8, |all, (a, b)| black_box(all | (a ^ b)));
        black_box(difference) == 0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_token_itself_is_taken() {
        let token = Token::new("  0123456789abcdef\n").unwrap();
        assert!(token.is(b"0123456789abcdef"));
        assert!(!token.is(b"0123456789abcdeF") && !token.is(b"") && !token.is(b"0123456789abcdef\n"));
        assert_eq!(format!("{token:?}"), "Token(…)");
    }

    #[test]
    fn a_weak_token_is_refused() {
        for text in ["", "short", "0123456789 abcdef", "0123456789abcdeü"] {
            assert!(Token::new(text).is_err(), "{text}");
        }
    }
}
