"""Owns the check of Bedrock's models and inference profiles."""

from __future__ import annotations

from typing import Any

from .case import ACCOUNTS, REGION, EmulatorCase

OPUS = "anthropic.claude-opus-5-5"
TAGS = [{"key": "team", "value": "platform"}]


class InferenceProfile(EmulatorCase):
    """Models, and profiles of the system and of the account."""

    def setUp(self) -> None:
        super().setUp()
        self.bedrock = self.client("bedrock")
        self.us = f"arn:aws:bedrock:{REGION}:{self.account}:inference-profile/us.{OPUS}"

    def create(self, source: str, name: str = "team a", **more: Any) -> str:
        made = self.bedrock.create_inference_profile(
            inferenceProfileName=name, modelSource={"copyFrom": source}, **more
        )
        self.assertEqual(made["status"], "ACTIVE")
        return made["inferenceProfileArn"]

    def ids(self, region: str) -> list[str]:
        listed = self.client("bedrock", region=region).list_inference_profiles()
        return [one["inferenceProfileId"] for one in listed["inferenceProfileSummaries"]]

    def test_each_region_has_the_profiles_of_its_geography(self) -> None:
        expected = {
            "us-west-2": {"us", "global"},
            "eu-central-1": {"eu", "global"},
            "ap-northeast-1": {"jp", "global"},
            "ap-southeast-2": {"au", "global"},
            "ap-south-1": {"global"},
            "us-gov-west-1": {"us-gov"},
        }
        for region, prefixes in expected.items():
            self.assertEqual({id.partition(".")[0] for id in self.ids(region)}, prefixes, region)
        self.assertEqual(len(self.ids("us-gov-west-1")), 3)
        self.assertEqual(len(self.ids("us-east-1")), 16)

    def test_a_profile_of_the_system_names_the_models_of_all_its_regions(self) -> None:
        us = self.bedrock.get_inference_profile(inferenceProfileIdentifier=f"us.{OPUS}")
        self.assertEqual((us["inferenceProfileArn"], us["type"]), (self.us, "SYSTEM_DEFINED"))
        self.assertEqual(
            [one["modelArn"] for one in us["models"]],
            [
                f"arn:aws:bedrock:{region}::foundation-model/{OPUS}"
                for region in ("us-east-1", "us-east-2", "us-west-2")
            ],
        )
        anywhere = self.bedrock.get_inference_profile(inferenceProfileIdentifier=f"global.{OPUS}")["models"]
        self.assertEqual(
            [one["modelArn"] for one in anywhere],
            [f"arn:aws:bedrock:{region}::foundation-model/{OPUS}" for region in (REGION, "")],
        )
        self.refused("ValidationException", self.bedrock.delete_inference_profile, inferenceProfileIdentifier=self.us)

    def test_an_application_profile_is_read_back_by_id_and_by_arn(self) -> None:
        arn = self.create(self.us, description="Team A", tags=TAGS)
        self.assertRegex(
            arn, rf"^arn:aws:bedrock:{REGION}:{self.account}:application-inference-profile/[a-z0-9]{{12}}$"
        )
        shown = self.bedrock.get_inference_profile(inferenceProfileIdentifier=arn)
        same = self.bedrock.get_inference_profile(inferenceProfileIdentifier=arn.rpartition("/")[2])
        self.assertEqual(shown["inferenceProfileId"], same["inferenceProfileId"])
        self.assertEqual((shown["inferenceProfileName"], shown["description"]), ("team a", "Team A"))
        self.assertEqual((shown["type"], shown["status"], len(shown["models"])), ("APPLICATION", "ACTIVE", 3))
        single = self.create(f"arn:aws:bedrock:{REGION}::foundation-model/{OPUS}")
        models = self.bedrock.get_inference_profile(inferenceProfileIdentifier=single)["models"]
        self.assertEqual(models, [{"modelArn": f"arn:aws:bedrock:{REGION}::foundation-model/{OPUS}"}])

    def test_applications_are_listed_only_when_asked_for(self) -> None:
        made = [self.create(self.us, name=f"n{number}") for number in range(3)]
        self.assertFalse(any(id in made[0] for id in self.ids(REGION)))
        first = self.bedrock.list_inference_profiles(typeEquals="APPLICATION", maxResults=2)
        last = self.bedrock.list_inference_profiles(
            typeEquals="APPLICATION", maxResults=2, nextToken=first["nextToken"]
        )
        shown = first["inferenceProfileSummaries"] + last["inferenceProfileSummaries"]
        self.assertEqual([one["inferenceProfileArn"] for one in shown], made)
        self.assertNotIn("nextToken", last)

    def test_a_token_makes_one_profile_and_a_name_may_repeat(self) -> None:
        arn = self.create(self.us, clientRequestToken="token-1")
        self.assertEqual(self.create(self.us, name="other", clientRequestToken="token-1"), arn)
        self.assertNotEqual(self.create(self.us, clientRequestToken="token-2"), arn)
        self.assertNotEqual(self.create(self.us), arn)
        self.bedrock = self.client("bedrock", account=next(ACCOUNTS))
        self.refused("ValidationException", self.create, source=self.us, clientRequestToken="token-1")

    def test_a_source_must_be_a_model_or_a_profile_that_the_region_has(self) -> None:
        application = self.create(self.us)
        bad = [
            self.us.replace("us.", "eu."),
            self.us.replace("opus-5-5", "opus-9"),
            self.us.replace("us-east-1", "us-west-2"),
            f"arn:aws:bedrock:us-west-2::foundation-model/{OPUS}",
            f"arn:aws:bedrock:{REGION}::foundation-model/anthropic.claude-none",
        ]
        for source in bad:
            words = self.refused("ValidationException", self.create, source=source)
            self.assertEqual(words, "copyFrom must be a valid inference profile model source ARN.")
        self.assertIn("application-inference-profile", application)

    def test_a_deleted_profile_is_gone_with_its_tags(self) -> None:
        arn = self.create(self.us, tags=TAGS)
        self.bedrock.tag_resource(resourceARN=arn, tags=[{"key": "a", "value": "b"}])
        self.bedrock.untag_resource(resourceARN=arn, tagKeys=["team"])
        self.assertEqual(self.bedrock.list_tags_for_resource(resourceARN=arn)["tags"], [{"key": "a", "value": "b"}])
        self.bedrock.delete_inference_profile(inferenceProfileIdentifier=arn)
        for call in (self.bedrock.delete_inference_profile, self.bedrock.get_inference_profile):
            self.refused("ResourceNotFoundException", call, inferenceProfileIdentifier=arn)
        self.refused("ResourceNotFoundException", self.bedrock.list_tags_for_resource, resourceARN=arn)

    def test_a_test_can_say_which_profiles_there_are(self) -> None:
        self.tell("models", profiles=["us.anthropic.claude-opus-6"], unsubscribed=["anthropic.claude-opus-6"])
        self.assertEqual(self.ids(REGION), ["us.anthropic.claude-opus-6"])
        self.create(self.us.replace("opus-5-5", "opus-6"))
        self.refused("ValidationException", self.create, source=self.us)
        self.assertEqual(len(self.ids("us-west-2")), 16)
        told = self.bedrock.get_foundation_model_availability(modelId="anthropic.claude-opus-6")
        self.assertEqual(told["agreementAvailability"], {"status": "NOT_AVAILABLE"})

    def test_models_are_listed_with_their_life(self) -> None:
        found = self.bedrock.list_foundation_models()["modelSummaries"]
        self.assertEqual(len([one for one in found if one["providerName"] == "Anthropic"]), 8)
        self.assertEqual(len(found), 10)
        claude = self.bedrock.list_foundation_models(byProvider="anthropic")["modelSummaries"][0]
        self.assertEqual(
            (claude["modelLifecycle"]["status"], claude["inferenceTypesSupported"]), ("ACTIVE", ["INFERENCE_PROFILE"])
        )
        shown = self.bedrock.get_foundation_model(modelIdentifier=OPUS)["modelDetails"]
        self.assertEqual(shown["modelName"], "Claude Opus 5.5")
        self.refused("ResourceNotFoundException", self.bedrock.get_foundation_model, modelIdentifier="anthropic.none")
        told = self.bedrock.get_foundation_model_availability(modelId=OPUS)
        self.assertEqual(
            (told["authorizationStatus"], told["agreementAvailability"]["status"]), ("AUTHORIZED", "AVAILABLE")
        )

    def test_the_use_case_form_is_there_once_somebody_filled_it_in(self) -> None:
        self.refused("ResourceNotFoundException", self.bedrock.get_use_case_for_model_access)
        self.bedrock.put_use_case_for_model_access(formData=b'{"companyName": "x"}')
        west = self.client("bedrock", region="us-west-2")
        self.assertEqual(west.get_use_case_for_model_access()["formData"], b'{"companyName": "x"}')
