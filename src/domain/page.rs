//! Pages of lists: how many, and from where on.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

/// How many items a page has: 1 to 200, 50 when nothing was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u32")]
pub struct Limit(u32);

/// The number is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a limit is 1 to 200")]
pub struct MalformedLimit;

impl TryFrom<u32> for Limit {
    type Error = MalformedLimit;

    fn try_from(number: u32) -> Result<Self, Self::Error> {
        (1..=200).contains(&number).then_some(Self(number)).ok_or(MalformedLimit)
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(50)
    }
}

impl Limit {
    /// A single one.
    pub const ONE: Self = Self(1);
    /// As many as a page can have.
    pub const MOST: Self = Self(200);
    /// What is read at once for who listens to a topic: each may have 64 KiB.
    pub const LIVE: Self = Self(16);
    /// What is read at once for all who listen to a topic.
    pub const LIVE_FOR_ALL: Self = Self(100);

    /// The number.
    #[must_use]
    pub const fn get(self) -> usize {
        self.0 as usize
    }

    /// How many rows to ask for: one more than fit, so that the last page knows that it is the last.
    #[must_use]
    pub const fn and_one(self) -> i64 {
        self.0 as i64 + 1
    }
}

/// The cursor is not one that this list, with this filter, has given out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("this cursor does not belong to this list and filter; start again without one")]
pub struct InvalidCursor;

/// Where a page ended, bound to the list and filter that it belongs to (G-23). Opaque to clients. It grants nothing: what
/// a page shows is decided for each page anew.
#[derive(Serialize, Deserialize)]
struct Cursor<K> {
    f: String,
    k: K,
}

fn fingerprint(filter: &impl Serialize) -> String {
    let bytes = serde_json::to_vec(filter).unwrap_or_default();
    URL_SAFE_NO_PAD.encode(&Sha256::digest(bytes)[..12])
}

/// The cursor behind `key` in the list with this filter.
pub fn write_cursor<K: Serialize>(filter: &impl Serialize, key: &K) -> String {
    let cursor = Cursor { f: fingerprint(filter), k: key };
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(&cursor).unwrap_or_default())
}

/// The key behind which the page begins.
pub fn read_cursor<K: DeserializeOwned>(filter: &impl Serialize, text: &str) -> Result<K, InvalidCursor> {
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| InvalidCursor)?;
    // No position that we gave out has a NUL in it, and the database would not take one.
    if bytes.windows(6).any(|part| part == br"\u0000") {
        return Err(InvalidCursor);
    }
    let cursor: Cursor<K> = serde_json::from_slice(&bytes).map_err(|_| InvalidCursor)?;
    if cursor.f == fingerprint(filter) { Ok(cursor.k) } else { Err(InvalidCursor) }
}

/// Some items of a list, and where the next page begins. Without `next` the list has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// The cursor of the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// A page of rows that were asked for with [`Limit::and_one`].
    pub fn cut<K: Serialize>(mut rows: Vec<T>, limit: Limit, filter: &impl Serialize, key: impl Fn(&T) -> K) -> Self {
        let is_more = rows.len() > limit.get();
        rows.truncate(limit.get());
        let last = rows.last().filter(|_| is_more);
        let next = last.map(|last| write_cursor(filter, &key(last)));
        Self { items: rows, next }
    }

    /// The same page of something else.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(change).collect(), next: self.next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_belongs_to_its_filter() {
        // G-23
        let cursor = write_cursor(&("keys", "active"), &41);
        assert_eq!(read_cursor(&("keys", "active"), &cursor), Ok(41));
        assert_eq!(read_cursor::<i32>(&("keys", "revoked"), &cursor), Err(InvalidCursor));
        assert_eq!(read_cursor::<String>(&("keys", "active"), &cursor), Err(InvalidCursor));
        let with_nul = write_cursor(&"f", &"a\0b");
        assert_eq!(read_cursor::<String>(&"f", &with_nul), Err(InvalidCursor));
        for bad in ["", "x", "e30", "%%%"] {
            assert_eq!(read_cursor::<i32>(&("keys", "active"), bad), Err(InvalidCursor));
        }
    }

    #[test]
    fn only_a_page_that_goes_on_has_a_next() {
        let limit = Limit::try_from(2).unwrap();
        assert_eq!(Page::cut(vec![1, 2], limit, &"f", |n| *n).next, None);
        let page = Page::cut(vec![1, 2, 3], limit, &"f", |n| *n);
        assert_eq!((page.items, read_cursor(&"f", &page.next.unwrap())), (vec![1, 2], Ok(2)));
    }

    #[test]
    fn limits_are_1_to_200() {
        assert_eq!(Limit::try_from(0), Err(MalformedLimit));
        assert_eq!(Limit::try_from(201), Err(MalformedLimit));
        assert_eq!(Limit::default().get(), 50);
    }
}
