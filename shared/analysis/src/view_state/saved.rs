//! Views that a user has given a name: a list, to and from JSON.

use serde::{Deserialize, Serialize};

use super::ViewState;

/// Maximum number of saved views.
pub const MAX_VIEWS: usize = 200;

/// Maximum length of a name in characters.
pub const MAX_NAME: usize = 80;

/// Maximum length of the JSON that is read or written, in bytes.
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
    /// A view with an address that is too long, as by a long query.
    #[error("the view takes {0} bytes: shorten the query, at most {MAX_QUERY} are kept")]
    LongView(usize),
    /// Views that are too long together.
    #[error("the views take {0} bytes together: delete some, at most {MAX_JSON} are kept")]
    LongList(usize),
    /// A text that is too long to be read.
    #[error("the file has {0} bytes: a list of views has at most {MAX_JSON}")]
    LongFile(usize),
    /// A browser that stores nothing more.
    #[error(
        "the browser did not store the views: free some of its storage for this site, or export the views"
    )]
    NotStored,
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
        let mut views = Self::default();
        for saved in Self::entries(json)? {
            saved.read_into(&mut views)?;
        }
        views.checked()
    }

    /// Reads what can be read of the JSON of [`Self::to_json`]: skips views that cannot be read and those beyond the limits.
    ///
    /// # Errors
    /// [`SavedViewError::Json`] for a text that is no list of views.
    pub fn from_json_readable(json: &str) -> Result<Self, SavedViewError> {
        let mut views = Self::default();
        for saved in Self::entries(json)? {
            // Skipped, so that one bad entry does not cost the user all others.
            let _ = saved.read_into(&mut views);
        }
        Ok(views)
    }

    fn entries(json: &str) -> Result<Vec<SavedView>, SavedViewError> {
        let read: Self =
            serde_json::from_str(json).map_err(|error| SavedViewError::Json(error.to_string()))?;
        Ok(read.views)
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
    /// [`SavedViewError`] for a bad name, a view that is too long, or too many views.
    pub fn with(&self, name: &str, view: &ViewState) -> Result<Self, SavedViewError> {
        let mut views = self.clone();
        views.insert(name, view)?;
        views.checked()
    }

    fn insert(&mut self, name: &str, view: &ViewState) -> Result<(), SavedViewError> {
        let name = name.trim();
        let (length, view) = (name.chars().count(), view.to_query());
        if length == 0 {
            return Err(SavedViewError::NoName);
        }
        if length > MAX_NAME {
            return Err(SavedViewError::LongName(length));
        }
        if view.len() > MAX_QUERY {
            return Err(SavedViewError::LongView(view.len()));
        }
        let kept = self.views.iter().filter(|known| known.name != name).count();
        if kept >= MAX_VIEWS {
            return Err(SavedViewError::TooMany(kept + 1));
        }
        self.views.retain(|known| known.name != name);
        let at = self.views.partition_point(|known| known.name.as_str() < name);
        self.views.insert(at, SavedView { name: name.to_owned(), view });
        Ok(())
    }

    fn checked(self) -> Result<Self, SavedViewError> {
        let length = self.to_json()?.len();
        if length > MAX_JSON { Err(SavedViewError::LongList(length)) } else { Ok(self) }
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
    /// [`SavedViewError`] for views beyond the limits.
    pub fn merged(&self, other: &Self) -> Result<Self, SavedViewError> {
        let mut all = self.clone();
        for one in &other.views {
            all.insert(&one.name, &ViewState::from_query(&one.view).0)?;
        }
        all.checked()
    }
}

impl SavedView {
    /// Adds the view to a list if it can be read.
    fn read_into(self, views: &mut SavedViews) -> Result<(), SavedViewError> {
        let Self { name, view } = self;
        let (read, problems) = ViewState::from_query(&view);
        let problem = match problems.first() {
            _ if view.len() > MAX_QUERY => Some("it is too long".to_owned()),
            problem => problem.map(ToString::to_string),
        };
        match problem {
            Some(problem) => {
                let name = name.chars().take(MAX_NAME).collect();
                Err(SavedViewError::View { name, problem })
            }
            None => views.insert(&name, &read),
        }
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

    #[test]
    fn what_is_saved_can_be_read_again() {
        let long = view(&"x".repeat(16 << 10));
        let error = SavedViews::default().with("a", &long).unwrap_err();
        assert!(matches!(error, SavedViewError::LongView(_)), "{error}");
        let large = view(&"x".repeat(16_000));
        let mut views = SavedViews::default();
        let error = loop {
            match views.with(&views.views.len().to_string(), &large) {
                Ok(more) => views = more,
                Err(error) => break error,
            }
        };
        assert!(matches!(error, SavedViewError::LongList(_)), "{error}");
        assert_eq!(SavedViews::from_json(&views.to_json().unwrap()), Ok(views.clone()));
        assert_eq!(SavedViews::default().merged(&views), Ok(views));
    }

    #[test]
    fn a_bad_view_does_not_cost_the_others() {
        let json = r#"{"oddity_views":[{"name":"a","view":"k=x"},{"name":"b","view":"q=up"},{"name":"","view":""}]}"#;
        let read = SavedViews::from_json_readable(json).unwrap();
        assert_eq!(Ok(read), SavedViews::default().with("b", &view("up")));
        assert!(SavedViews::from_json_readable("[]").is_err());
    }
}
