"""Parameters of every candidate that fit well enough."""

from __future__ import annotations

from typing import Any

PARAMETERS: dict[str, dict[str, Any]] = {
    "gpa_gaussian": {"alpha": 0.1},
    "ordered_probit": {"alpha": 1e-5},
    "logistic": {"C": 10.0, "class_weight": None},
    "svc": {"C": 3.0, "gamma": 0.1, "class_weight": None},
    "random_forest": {
        "max_depth": 8,
        "min_samples_leaf": 3,
        "max_features": 4,
        "class_weight": "balanced",
    },
    "decision_tree": {
        "max_depth": 6,
        "min_samples_leaf": 5,
        "ccp_alpha": 1e-4,
        "class_weight": None,
    },
    "gradient_boosting": {
        "learning_rate": 0.1,
        "max_iter": 20,
        "max_leaf_nodes": 6,
        "min_samples_leaf": 10,
        "l2_regularization": 1.0,
    },
}
