//! What can happen to a model that somebody may have to answer for.

/// The kind of an entry.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(from = "String", into = "String")]
pub enum AuditKind {
    /// A model came into the workspace.
    ModelAdded,
    /// A model was taken out.
    ModelRemoved,
    /// A dataset came into the workspace.
    DatasetAdded,
    /// A dataset was taken out.
    DatasetRemoved,
    /// A validation ran to its end.
    Validated,
    /// A finished validation was taken out.
    RunRemoved,
    /// A finished validation was run again and held against what was kept.
    Reverified,
    /// Somebody signed a result.
    SignedOff,
    /// Somebody signed a result although required gates failed.
    Overridden,
    /// A policy was made or changed.
    PolicySaved,
    /// A policy was taken out.
    PolicyRemoved,
    /// A model card was changed.
    CardEdited,
    /// The data-use register was changed.
    RegisterEdited,
    /// A deployment started.
    Deployed,
    /// A deployment ended.
    Stopped,
    /// An ended deployment was taken out with its history.
    DeploymentRemoved,
    /// A challenger became the champion.
    Promoted,
    /// Another version came, went, or took a share or copies of the requests.
    RolledOut,
    /// Kept answers were deleted on demand.
    RowsDeleted,
    /// Somebody took note of an alert.
    AlertAcknowledged,
    /// Something was written outside the workspace.
    Exported,
    /// A kind that this version does not know, by its word.
    Other(String),
}

impl AuditKind {
    /// Every kind that this version writes.
    pub const KNOWN: [Self; 21] = [
        Self::ModelAdded,
        Self::ModelRemoved,
        Self::Validated,
        Self::SignedOff,
        Self::Overridden,
        Self::PolicySaved,
        Self::CardEdited,
        Self::RegisterEdited,
        Self::Deployed,
        Self::Stopped,
        Self::Promoted,
        Self::RolledOut,
        Self::RowsDeleted,
        Self::AlertAcknowledged,
        Self::Exported,
        Self::DatasetAdded,
        Self::DatasetRemoved,
        Self::RunRemoved,
        Self::Reverified,
        Self::PolicyRemoved,
        Self::DeploymentRemoved,
    ];

    /// The word of the file, such as `signed_off`.
    pub fn word(&self) -> &str {
        match self {
            Self::ModelAdded => "model_added",
            Self::ModelRemoved => "model_removed",
            Self::DatasetAdded => "dataset_added",
            Self::DatasetRemoved => "dataset_removed",
            Self::Validated => "validated",
            Self::RunRemoved => "run_removed",
            Self::Reverified => "reverified",
            Self::SignedOff => "signed_off",
            Self::Overridden => "overridden",
            Self::PolicySaved => "policy_saved",
            Self::PolicyRemoved => "policy_removed",
            Self::CardEdited => "card_edited",
            Self::RegisterEdited => "register_edited",
            Self::Deployed => "deployed",
            Self::Stopped => "stopped",
            Self::DeploymentRemoved => "deployment_removed",
            Self::Promoted => "promoted",
            Self::RolledOut => "rolled_out",
            Self::RowsDeleted => "rows_deleted",
            Self::AlertAcknowledged => "alert_acknowledged",
            Self::Exported => "exported",
            Self::Other(word) => word,
        }
    }

    /// The words shown on screen; for an unknown kind its word as it stands.
    pub fn words(&self) -> &str {
        match self {
            Self::ModelAdded => "Model added",
            Self::ModelRemoved => "Model removed",
            Self::DatasetAdded => "Dataset added",
            Self::DatasetRemoved => "Dataset removed",
            Self::Validated => "Validated",
            Self::RunRemoved => "Validation removed",
            Self::Reverified => "Verified again",
            Self::SignedOff => "Signed off",
            Self::Overridden => "Signed off with an override",
            Self::PolicySaved => "Policy saved",
            Self::PolicyRemoved => "Policy removed",
            Self::CardEdited => "Model card edited",
            Self::RegisterEdited => "Data-use register edited",
            Self::Deployed => "Deployed",
            Self::Stopped => "Stopped",
            Self::DeploymentRemoved => "Deployment removed",
            Self::Promoted => "Promoted",
            Self::RolledOut => "Rollout changed",
            Self::RowsDeleted => "Kept rows deleted",
            Self::AlertAcknowledged => "Alert acknowledged",
            Self::Exported => "Exported",
            Self::Other(word) => word,
        }
    }
}

impl From<String> for AuditKind {
    fn from(word: String) -> Self {
        Self::KNOWN.into_iter().find(|kind| kind.word() == word).unwrap_or(Self::Other(word))
    }
}

impl From<AuditKind> for String {
    fn from(kind: AuditKind) -> Self {
        kind.word().to_owned()
    }
}
