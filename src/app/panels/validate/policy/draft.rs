//! The policy that is being written: as a form and as text, kept in step, with every step undone.

use crate::validate::policy::{Policy, Problem, parse};

/// Steps that can be undone; older ones go.
const STEPS: usize = 200;
/// Changes of one kind in a row belong to one step as long as no pause between them is longer, in seconds.
const PAUSE: f64 = 1.0;

/// Where a change came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Form,
    Text,
}

/// What the form and the text hold.
#[derive(Clone, Debug, PartialEq)]
struct Page {
    policy: Policy,
    text: String,
}

/// A policy in the making.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    page: Page,
    mistakes: Vec<Problem>,
    undone: Vec<Page>,
    done: Vec<Page>,
    last: Option<(Side, usize, f64)>,
}

fn mistakes(text: &str) -> Vec<Problem> {
    parse(text).err().map(|error| error.problems).unwrap_or_default()
}

impl Draft {
    /// Begins with a policy and its text, comments and all.
    pub(super) fn new(policy: Policy, text: String) -> Self {
        let mistakes = mistakes(&text);
        Self { page: Page { policy, text }, mistakes, undone: Vec::new(), done: Vec::new(), last: None }
    }

    /// The policy of the form; the last sound one while the text has mistakes.
    pub(super) fn policy(&self) -> &Policy {
        &self.page.policy
    }

    /// The text.
    pub(super) fn text(&self) -> &str {
        &self.page.text
    }

    /// What is wrong with the text; the policy can be used when nothing is.
    pub(super) fn mistakes(&self) -> &[Problem] {
        &self.mistakes
    }

    fn step(&mut self, from: Side, now: f64) {
        let gates = self.page.policy.gates.len();
        let goes_on = self.last.is_some_and(|(f, g, at)| f == from && g == gates && now - at < PAUSE);
        if !goes_on {
            self.done.push(self.page.clone());
            if self.done.len() > STEPS {
                self.done.remove(0);
            }
        }
        self.undone.clear();
        self.last = Some((from, gates, now));
    }

    /// Takes over what the form holds and writes the text anew; `now` is in seconds from any moment.
    pub(super) fn set_policy(&mut self, policy: Policy, now: f64) {
        if policy == self.page.policy {
            return;
        }
        if policy.gates.len() != self.page.policy.gates.len() {
            // A row that comes or goes is a step of its own.
            self.last = None;
        }
        self.step(Side::Form, now);
        self.page = Page { text: policy.to_toml(), policy };
        if let Some((_, gates, _)) = &mut self.last {
            *gates = self.page.policy.gates.len();
        }
        self.mistakes = mistakes(&self.page.text);
    }

    /// Takes over what was written; the form follows when the text is sound, and stays as it was when not.
    pub(super) fn set_text(&mut self, text: String, now: f64) {
        if text == self.page.text {
            return;
        }
        self.step(Side::Text, now);
        match parse(&text) {
            Ok(policy) => {
                self.page.policy = policy;
                self.mistakes.clear();
            }
            Err(error) => self.mistakes = error.problems,
        }
        self.page.text = text;
        if let Some((_, gates, _)) = &mut self.last {
            *gates = self.page.policy.gates.len();
        }
    }

    /// Whether there is a step to undo, and one to do again.
    pub(super) fn can(&self) -> (bool, bool) {
        (!self.done.is_empty(), !self.undone.is_empty())
    }

    /// Takes the last step back.
    pub(super) fn undo(&mut self) {
        if let Some(page) = self.done.pop() {
            self.undone.push(std::mem::replace(&mut self.page, page));
            self.turned();
        }
    }

    /// Does the step that was taken back.
    pub(super) fn redo(&mut self) {
        if let Some(page) = self.undone.pop() {
            self.done.push(std::mem::replace(&mut self.page, page));
            self.turned();
        }
    }

    fn turned(&mut self) {
        self.last = None;
        self.mistakes = mistakes(&self.page.text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::policy::SHIPPED;

    fn draft() -> Draft {
        let text = SHIPPED[0].text;
        Draft::new(parse(text).unwrap(), text.to_owned())
    }

    #[test]
    fn form_and_text_follow_each_other() {
        let mut draft = draft();
        assert!(draft.text().contains("# "), "comments stay until the form changes something");
        let mut policy = draft.policy().clone();
        policy.name = "Mine".to_owned();
        draft.set_policy(policy, 0.0);
        assert!(draft.text().starts_with("name = \"Mine\"\n") && draft.mistakes().is_empty());
        draft.set_text(draft.text().replace("\"Mine\"", "\"Ours\""), 5.0);
        assert_eq!(draft.policy().name, "Ours");
    }

    #[test]
    fn mistakes_leave_the_form_as_it_was() {
        let mut draft = draft();
        let before = draft.policy().clone();
        draft.set_text("name = \"X\"\n[[gate]]\nname = \"G\"\nmetric = \"roc_acu\"\nat_least = 0.7\n".to_owned(), 0.0);
        assert_eq!(draft.policy(), &before);
        let said = draft.mistakes()[0].to_string();
        assert!(said.starts_with("line 4:") && said.contains("roc_auc"), "{said}");
        draft.undo();
        assert!(draft.mistakes().is_empty() && draft.text().contains("# "));
        draft.redo();
        assert_eq!(draft.mistakes().len(), 1);
    }

    #[test]
    fn typing_is_one_step_until_a_pause_and_a_row_is_always_one() {
        let mut draft = draft();
        let named = |draft: &Draft, name: &str| Policy { name: name.to_owned(), ..draft.policy().clone() };
        for (name, at) in [("a", 0.0), ("ab", 0.2), ("abc", 0.4), ("abcd", 9.0)] {
            let policy = named(&draft, name);
            draft.set_policy(policy, at);
        }
        let mut shorter = draft.policy().clone();
        shorter.gates.pop();
        draft.set_policy(shorter, 9.1);
        draft.undo();
        assert_eq!(draft.policy().name, "abcd");
        draft.undo();
        assert_eq!(draft.policy().name, "abc");
        draft.undo();
        assert_eq!((draft.policy().name.as_str(), draft.can()), (SHIPPED[0].name, (false, true)));
        draft.redo();
        let policy = named(&draft, "z");
        draft.set_policy(policy, 20.0);
        assert!(!draft.can().1, "a new step forgets what was taken back");
    }
}
