//! What metrics are called.

/// The name of a metric for people, from its key in results such as `roc_auc`; an unknown key is its own name.
pub fn title(metric: &str) -> &str {
    match metric {
        "roc_auc" => "ROC AUC",
        "roc_auc_ovr_macro" => "ROC AUC, macro",
        "roc_auc_ovr_weighted" => "ROC AUC, weighted",
        "average_precision" => "Average precision",
        "f1" => "F1",
        "f1_macro" => "F1, macro",
        "f1_weighted" => "F1, weighted",
        "precision" => "Precision",
        "precision_macro" => "Precision, macro",
        "precision_weighted" => "Precision, weighted",
        "recall" => "Recall",
        "recall_macro" => "Recall, macro",
        "recall_weighted" => "Recall, weighted",
        "accuracy" => "Accuracy",
        "balanced_accuracy" => "Balanced accuracy",
        "specificity" => "Specificity",
        "log_loss" => "Log loss",
        "brier" => "Brier score",
        "ece" => "Calibration error",
        "mcc" => "Matthews correlation",
        "cohen_kappa" => "Cohen's kappa",
        "mae" => "MAE",
        "mse" => "MSE",
        "rmse" => "RMSE",
        "r2" => "R²",
        "mape" => "MAPE",
        "median_ae" => "Median absolute error",
        "max_error" => "Largest error",
        "explained_variance" => "Explained variance",
        "mean_error" => "Mean error",
        other => other,
    }
}
