//! Views that a user has given a name: a list, to and from JSON.

use serde::{Deserialize, Serialize};

use super::ViewState;

/// Maximum number of saved views.
pub const MAX_VIEWS: usize = 200;

/// Maximum length of a name in characters.
pub const MAX_NAME: usize = 80;

/// Maximum length of the JSON that is read, in bytes.
pub const MAX_JSON: usize = 1 << 20;

/// Maximum length of the address of a view, in bytes.
const MAX_QUERY: usize = 16 << 10;

/// A view with a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedView {
    /// Name, of which there is one in a list.
    pub name: String,
    /// Query string of the page's address, as [`ViewState::to_query`] writes it.
    pub view: String,
}

/// Named views, in the order of their names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedViews {
    /// Views, each with a name of its own.
    #[serde(rename = "oddity_views")]
    pub views: Vec<SavedView>,
}

/// Reason why views are not saved; each message says what to change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SavedViewError {
    /// A name without a visible character.
    #[error("enter a name for the view")]
    NoName,
    /// A name that is too long.
    #[error("a name of {0} characters is too long: use at most {MAX_NAME}")]
    LongName(usize),
    /// More views than fit.
    #[error("{0} views are too many: delete some, at most {MAX_VIEWS} are kept")]
    TooMany(usize),
    /// A text that is too long to be read.
    #[error("the file has {0} bytes: a list of views has at most {MAX_JSON}")]
    LongFile(usize),
    /// A text that is no list of views.
    #[error("the file is no list of views that Oddity exported: {0}")]
    Json(String),
    /// A view that cannot be read.
    #[error("the view \"{name}\" cannot be read: {problem}")]
    View {
        /// Name of the view.
        name: String,
        /// Problem in words.
        problem: String,
    },
}

impl SavedViews {
    /// Reads the JSON of [`Self::to_json`]; all of it or nothing.
    ///
    /// # Errors
    /// [`SavedViewError`] for anything else.
    pub fn from_json(json: &str) -> Result<Self, SavedViewError> {
        if json.len() > MAX_JSON {
            return Err(SavedViewError::LongFile(json.len()));
        }
        let read: Self =
            serde_json::from_str(json).map_err(|error| SavedViewError::Json(error.to_string()))?;
        let mut views = Self::default();
        for SavedView { name, view } in read.views {
            let problem = match ViewState::from_query(&view) {
                _ if view.len() > MAX_QUERY => Some("it is too long".to_owned()),
                (_, problems) => problems.first().map(ToString::to_string),
            };
            if let Some(problem) = problem {
                return Err(SavedViewError::View {
                    name: name.chars().take(MAX_NAME).collect(),
                    problem,
                });
            }
            views = views.with(&name, &ViewState::from_query(&view).0)?;
        }
        Ok(views)
    }

    /// Writes the list as JSON.
    ///
    /// # Errors
    /// [`SavedViewError::Json`], which valid views never cause.
    pub fn to_json(&self) -> Result<String, SavedViewError> {
        serde_json::to_string_pretty(self).map_err(|error| SavedViewError::Json(error.to_string()))
    }

    /// Adds a view, in the place of one with the same name.
    ///
    /// # Errors
    /// [`SavedViewError`] for a bad name or too many views.
    pub fn with(&self, name: &str, view: &ViewState) -> Result<Self, SavedViewError> {
        let name = name.trim();
        let length = name.chars().count();
        if length == 0 {
            return Err(SavedViewError::NoName);
        }
        if length > MAX_NAME {
            return Err(SavedViewError::LongName(length));
        }
        let mut views = self.without(name).views;
        let at = views.partition_point(|known| known.name.as_str() < name);
        views.insert(at, SavedView { name: name.to_owned(), view: view.to_query() });
        if views.len() > MAX_VIEWS {
            return Err(SavedViewError::TooMany(views.len()));
        }
        Ok(Self { views })
    }

    /// Removes the view with a name, if there is one.
    #[must_use]
    pub fn without(&self, name: &str) -> Self {
        let kept = self.views.iter().filter(|known| known.name != name);
        Self { views: kept.cloned().collect() }
    }

    /// Adds all views of another list, in the place of those with the same names.
    ///
    /// # Errors
    /// [`SavedViewError::TooMany`].
    pub fn merged(&self, other: &Self) -> Result<Self, SavedViewError> {
        other.views.iter().try_fold(self.clone(), |all, one| {
            all.with(&one.name, &ViewState::from_query(&one.view).0)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(expr: &str) -> ViewState {
        ViewState { expr: expr.to_owned(), ..ViewState::default() }
    }

    #[test]
    fn views_are_kept_by_their_names() {
        let views = SavedViews::default().with(" up ", &view("up")).unwrap();
        let views = views.with("Disk", &view("a")).unwrap().with("up", &view("b")).unwrap();
        let names: Vec<_> =
            views.views.iter().map(|one| (one.name.as_str(), one.view.as_str())).collect();
        assert_eq!(names, [("Disk", "q=a"), ("up", "q=b")]);
        let read = SavedViews::from_json(&views.to_json().unwrap()).unwrap();
        assert_eq!(read, views);
        let other = SavedViews::default().with("up", &view("c")).unwrap();
        assert_eq!(views.merged(&other).unwrap().views[1].view, "q=c");
        assert_eq!(views.without("up").views.len(), 1);
        assert_eq!(views.with("  ", &view("a")), Err(SavedViewError::NoName));
        assert_eq!(views.with(&"x".repeat(81), &view("a")), Err(SavedViewError::LongName(81)));
    }

    #[test]
    fn hostile_lists_say_what_is_wrong() {
        let check = |json: &str, says: &str| {
            let error = SavedViews::from_json(json).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        };
        check("", "no list of views");
        check("[]", "no list of views");
        check(r#"{"oddity_views":[{"name":"a"}]}"#, "missing field `view`");
        check(r#"{"oddity_views":[],"more":1}"#, "unknown field `more`");
        check(
            r#"{"oddity_views":[{"name":"a","view":"k=x"}]}"#,
            "\"a\" cannot be read: invalid k=x",
        );
        check(r#"{"oddity_views":[{"name":" ","view":""}]}"#, "enter a name");
        let long =
            format!(r#"{{"oddity_views":[{{"name":"a","view":"q={}"}}]}}"#, "x".repeat(20_000));
        check(&long, "too long");
        check(&"[".repeat(100_000), "no list of views");
        check(&" ".repeat(MAX_JSON + 1), "bytes");
        let many = (0..201).map(|at| format!(r#"{{"name":"{at}","view":""}}"#));
        let many = many.collect::<Vec<_>>().join(",");
        check(&format!(r#"{{"oddity_views":[{many}]}}"#), "201 views are too many");
    }
}
