// Stands in for packages that a dependency loads at its start for a feature that is not used here.
module.exports = {};
