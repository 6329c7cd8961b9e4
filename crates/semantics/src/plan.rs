//! The semantic plan: how a resolved query is answered, one verb a node.
