//! DataFusion sessions with the hazards of their defaults closed.
