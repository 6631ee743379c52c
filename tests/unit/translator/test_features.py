from gatewayd.translator.features import CONFORMANCE, FEATURES, MESH_FEATURES, OF_MESH, SUPPORTED_FEATURES


def test_features_are_named_once_and_sorted() -> None:
    assert len(SUPPORTED_FEATURES) == len(FEATURES)
    assert list(SUPPORTED_FEATURES) == sorted(set(SUPPORTED_FEATURES))
    assert len(MESH_FEATURES) == len(OF_MESH)
    assert list(MESH_FEATURES) == sorted(set(MESH_FEATURES))


def test_as_many_as_a_status_can_carry() -> None:
    # supportedFeatures has maxItems 64 in the CRD.
    assert len(SUPPORTED_FEATURES) <= 64


def test_every_feature_names_a_feature_test_or_a_scenario_or_the_suite() -> None:
    tests = {each.test for each in FEATURES} - {CONFORMANCE}
    places = ("tests/feature/test_", "conformance/scenarios/cases/")
    assert all(each.startswith(places) and each.endswith(".py") for each in tests)
