//! Ids of the catalog's things; only the catalog's builder mints them.

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub(in crate::catalog) u32);

        impl $name {
            /// Position in the catalog's list.
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}

ids! {
    /// A dataset.
    DatasetId;
    /// A dimension of one dataset.
    DimensionId;
    /// A dimension shared by several datasets.
    SharedDimensionId;
    /// A relationship as declared, from its many side.
    RelationshipId;
    /// A granularity that a time spine gives.
    CustomGranularityId;
    /// A metric.
    MetricId;
}
