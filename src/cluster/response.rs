//! Answers of the server.

use super::{Object, Status};

/// The answer to a [`Request`](super::Request).
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    code: u16,
    answer: Result<Object, Status>,
    warnings: Vec<String>,
}

/// Beyond this many characters in all, warnings are cut.
const WARNINGS_IN_FULL: usize = 4096;

/// To this many characters each.
const CUT_WARNING: usize = 256;

impl Response {
    pub(super) fn new(answer: Result<(u16, Object), Status>, warnings: Vec<String>) -> Self {
        let (code, answer) = match answer {
            Ok((code, object)) => (code, Ok(object)),
            Err(status) => (status.code(), Err(status)),
        };
        Response { code, answer, warnings: fit(warnings) }
    }

    /// The HTTP status code.
    pub fn code(&self) -> u16 {
        self.code
    }

    /// The refusal, if it is one.
    pub fn status(&self) -> Option<&Status> {
        self.answer.as_ref().err()
    }

    /// The object, if the request was granted.
    pub fn object(&self) -> Option<&Object> {
        self.answer.as_ref().ok()
    }

    /// The texts of the Warning headers.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The object or the refusal.
    ///
    /// # Errors
    /// The refusal.
    pub fn into_result(self) -> Result<Object, Status> {
        self.answer
    }
}

/// Each warning once, those that no header can carry left out, and all of them cut where they are too long together.
///
/// Upstream: apiserver v0.37.2 `pkg/endpoints/filters/warning.go`, apimachinery v0.37.2 `pkg/util/net/http.go`
/// (`NewWarningHeader`).
fn fit(warnings: Vec<String>) -> Vec<String> {
    let mut recorded: Vec<String> = Vec::new();
    let mut written = Written::default();
    for text in warnings {
        if written.cuts && written.length >= WARNINGS_IN_FULL || text.is_empty() || recorded.contains(&text) {
            continue;
        }
        recorded.push(text);
        let Some(text) = recorded.last() else { continue };
        if written.cuts || written.length + text.chars().count() <= WARNINGS_IN_FULL {
            written.write(text);
            continue;
        }
        written = Written { cuts: true, ..Written::default() };
        recorded.iter().for_each(|text| written.write(text));
    }
    written.headers
}

#[derive(Default)]
struct Written {
    headers: Vec<String>,
    length: usize,
    cuts: bool,
}

impl Written {
    fn write(&mut self, text: &str) {
        if text.chars().any(char::is_control) {
            return;
        }
        let text: String = text.chars().take(if self.cuts { CUT_WARNING } else { usize::MAX }).collect();
        self.length += text.chars().count();
        self.headers.push(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_are_cut_together() {
        let texts = |lengths: &[usize]| -> Vec<String> {
            lengths.iter().zip('a'..).map(|(length, letter)| letter.to_string().repeat(*length)).collect()
        };
        let lengths = |texts: Vec<String>| -> Vec<usize> { texts.iter().map(String::len).collect() };
        assert_eq!(lengths(fit(texts(&[300, 3000]))), [300, 3000]);
        assert_eq!(lengths(fit(texts(&[300, 4000, 10]))), [256, 256, 10]);
        assert_eq!(lengths(fit(texts(&[300; 14]))), [256; 14]);
        // One more is cut and sent until the limit is passed; then no more.
        assert_eq!(lengths(fit(texts(&[300; 20]))), [256; 16]);
        assert_eq!(fit(vec!["a".into(), "a".into(), String::new(), "b\n".into()]), ["a"]);
    }
}
