"""The vendors, one row each."""

from dataclasses import dataclass, replace

from ymera_openai.costs import Bills, activity, organization_costs
from ymera_openai.embeddings import INT8, JSON_NUMBERS, PACKED, Form
from ymera_openai.listing import EMBEDS, RERANKS
from ymera_openai.quirks import Quirks, ReasoningControl, ReasoningEcho
from ymera_service.sdk.generation import ServiceTier
from ymera_service.sdk.models import UNKNOWN_LIMITS, Capability, Kind, RequestLimits

_PLAIN = Quirks()
_OPENAI = Quirks(
    max_tokens="max_completion_tokens",
    refusals=True,
    allowed_tools=True,
    tiers={ServiceTier.STANDARD: "default", ServiceTier.FLEX: "flex", ServiceTier.PRIORITY: "priority"},
    openai_families=True,
)
_MISTRAL = Quirks(
    seed="random_seed",
    stream_usage=False,
    echo=ReasoningEcho.PARTS,
    mistral=True,
)
_THINKING = Quirks(reasoning=ReasoningControl.THINKING, echo=ReasoningEcho.CONTENT, json_schema=False)
_OPEN_MODELS = Quirks(top_k=True, echo=ReasoningEcho.CONTENT)
NO_TOOLS = frozenset({Capability.TOOLS})
NO_VIDEO = frozenset({Capability.VIDEO_INPUT})
NO_LOGPROBS = frozenset({Capability.LOGPROBS})
NO_SCHEMA = frozenset({Capability.STRUCTURED_OUTPUT})


@dataclass(frozen=True, slots=True)
class Vendor:
    """One vendor.

    Attributes:
        name: The provider's name in model ids.
        base_url: The base address of its API, in which `{account}` is replaced by the id of the account; empty if each
            account has a separate address.
        key_variables: The environment variables that may hold a key; the first one that is set is used.
        base_url_variable: The environment variable that may hold another address.
        account_variable: The environment variable that holds the id of the account.
        listing: The address of its list of models, if that is not `/models` of its API.
        checked: The address by which keys are checked, if the list of models needs no key.
        path: The path that is appended to the address in that variable, or in the settings.
        key_header: The header that holds the key; in `authorization` it is sent as a bearer token.
        price_vendor: The vendor whose prices apply, as named by `genai-prices`.
        lacks: Capabilities that none of its models has through this API.
        partial: Capabilities that they have only in part: JSON mode without schemas.
        models: The models that it offers, if it has no listing.
        batch: Texts, and tokens together, that one request for embeddings takes; 0 if not known.
        works: What its API offers besides generating.
        free: What it charges nothing for.
        vectors: How its API returns vectors.
        free_limits: How many requests it takes for models that cost nothing.
        counts: Its API counts the tokens of prompts, as of the Responses API.
        bills: Fetches what it bills.
        admin_variable: The environment variable that may hold the key for that.
    """

    name: str
    base_url: str
    key_variables: tuple[str, ...]
    quirks: Quirks = _PLAIN
    base_url_variable: str = ""
    account_variable: str = ""
    listing: str = "/models"
    checked: str = ""
    path: str = ""
    key_header: str = "authorization"
    price_vendor: str = ""
    lacks: frozenset[Capability] = frozenset()
    partial: frozenset[Capability] = frozenset()
    models: tuple[str, ...] = ()
    batch: tuple[int, int] = (0, 0)
    works: frozenset[Kind] = EMBEDS
    free: frozenset[Kind] = frozenset()
    free_limits: RequestLimits = UNKNOWN_LIMITS
    vectors: Form = JSON_NUMBERS
    counts: bool = False
    bills: Bills | None = None
    admin_variable: str = ""


_MODERATES = EMBEDS | {Kind.MODERATE}
_OPENAI_BATCH = (2048, 300_000)
"""https://platform.openai.com/docs/api-reference/embeddings/create, November 2026."""

VENDORS = {
    vendor.name: vendor
    for vendor in (
        Vendor(
            "openai",
            "https://api.openai.com/v1",
            ("OPENAI_API_KEY",),
            _OPENAI,
            lacks=NO_VIDEO,
            base_url_variable="OPENAI_BASE_URL",
            price_vendor="openai",
            batch=_OPENAI_BATCH,
            vectors=PACKED,
            works=_MODERATES,
            free=frozenset({Kind.MODERATE}),
            counts=True,
            bills=organization_costs,
            admin_variable="OPENAI_ADMIN_KEY",
        ),
        Vendor(
            "azure",
            "",
            ("AZURE_OPENAI_API_KEY", "AZURE_API_KEY"),
            _OPENAI,
            lacks=NO_VIDEO,
            base_url_variable="AZURE_OPENAI_ENDPOINT",
            path="/openai/v1",
            key_header="api-key",
            price_vendor="azure",
            batch=_OPENAI_BATCH,
            vectors=PACKED,
        ),
        Vendor(
            "alibaba",
            "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
            ("DASHSCOPE_API_KEY", "ALIBABA_API_KEY"),
            replace(_OPEN_MODELS, reasoning=ReasoningControl.ENABLE_THINKING),
        ),
        Vendor(
            "baseten", "https://inference.baseten.co/v1", ("BASETEN_API_KEY",), _OPEN_MODELS, price_vendor="baseten"
        ),
        Vendor(
            "cerebras",
            "https://api.cerebras.ai/v1",
            ("CEREBRAS_API_KEY",),
            Quirks(max_tokens="max_completion_tokens", echo=ReasoningEcho.PLAIN),
            price_vendor="cerebras",
        ),
        Vendor(
            "cloudflare",
            "https://api.cloudflare.com/client/v4/accounts/{account}/ai/v1",
            ("CLOUDFLARE_API_KEY", "CLOUDFLARE_API_TOKEN"),
            _OPEN_MODELS,
            account_variable="CLOUDFLARE_ACCOUNT_ID",
            listing="https://api.cloudflare.com/client/v4/accounts/{account}/ai/models/search?per_page=1000",
        ),
        Vendor("deepinfra", "https://api.deepinfra.com/v1/openai", ("DEEPINFRA_API_KEY",), _OPEN_MODELS),
        Vendor(
            "deepseek",
            "https://api.deepseek.com",
            ("DEEPSEEK_API_KEY",),
            replace(_THINKING, reasoning=ReasoningControl.EFFORT_OR_OFF, strict_tools=False),
            price_vendor="deepseek",
            partial=NO_SCHEMA,
        ),
        Vendor(
            "doubleword",
            "https://api.doubleword.ai/v1",
            ("DOUBLEWORD_API_KEY",),
            _OPEN_MODELS,
            price_vendor="doubleword",
        ),
        Vendor(
            "fireworks",
            "https://api.fireworks.ai/inference/v1",
            ("FIREWORKS_API_KEY",),
            _OPEN_MODELS,
            price_vendor="fireworks",
        ),
        Vendor("friendli", "https://api.friendli.ai/serverless/v1", ("FRIENDLI_TOKEN",), _OPEN_MODELS),
        Vendor(
            "github",
            "https://models.github.ai/inference",
            ("GITHUB_TOKEN",),
            listing="https://models.github.ai/catalog/models",
        ),
        Vendor(
            "groq",
            "https://api.groq.com/openai/v1",
            ("GROQ_API_KEY",),
            Quirks(
                max_tokens="max_completion_tokens",
                strict_tools=False,
                tiers={
                    ServiceTier.STANDARD: "on_demand",
                    ServiceTier.FLEX: "flex",
                    ServiceTier.PRIORITY: "performance",
                },
                echo=ReasoningEcho.PLAIN,
            ),
            lacks=NO_LOGPROBS,
            price_vendor="groq",
        ),
        Vendor("huggingface", "https://router.huggingface.co/v1", ("HF_TOKEN", "HUGGINGFACE_API_KEY"), _OPEN_MODELS),
        Vendor("hyperbolic", "https://api.hyperbolic.xyz/v1", ("HYPERBOLIC_API_KEY",), _OPEN_MODELS),
        Vendor("inception", "https://api.inceptionlabs.ai/v1", ("INCEPTION_API_KEY",)),
        Vendor("llama", "https://api.llama.com/compat/v1", ("LLAMA_API_KEY",)),
        Vendor(
            "minimax",
            "https://api.minimax.io/v1",
            ("MINIMAX_API_KEY",),
            replace(_OPEN_MODELS, json_schema=False),
            price_vendor="minimax",
            partial=NO_SCHEMA,
        ),
        Vendor(
            "mistral",
            "https://api.mistral.ai/v1",
            ("MISTRAL_API_KEY",),
            _MISTRAL,
            lacks=NO_VIDEO | NO_LOGPROBS,
            price_vendor="mistral",
            batch=(0, 16_384),
            works=_MODERATES,
        ),
        Vendor(
            "moonshot",
            "https://api.moonshot.ai/v1",
            ("MOONSHOT_API_KEY",),
            replace(_THINKING, json_schema=True),
            price_vendor="moonshotai",
        ),
        Vendor("morph", "https://api.morphllm.com/v1", ("MORPH_API_KEY",)),
        Vendor("nebius", "https://api.tokenfactory.nebius.com/v1", ("NEBIUS_API_KEY",), _OPEN_MODELS),
        Vendor("novita", "https://api.novita.ai/v3/openai", ("NOVITA_API_KEY",), _OPEN_MODELS, price_vendor="novita"),
        Vendor("nvidia", "https://integrate.api.nvidia.com/v1", ("NVIDIA_API_KEY",), _OPEN_MODELS),
        Vendor(
            "openrouter",
            "https://openrouter.ai/api/v1",
            ("OPENROUTER_API_KEY",),
            Quirks(
                top_k=True,
                cache_control=True,
                web_search="openrouter:web_search",
                reasoning=ReasoningControl.OBJECT,
                echo=ReasoningEcho.DETAILS,
                refusals=True,
                result_media=True,
            ),
            checked="/key",
            price_vendor="openrouter",
            works=RERANKS,
            # https://openrouter.ai/docs/api-reference/limits, November 2026: 1,000 a day after a purchase of 10 credits
            free_limits=RequestLimits(per_minute=20, per_day=50),
            bills=activity,
            admin_variable="OPENROUTER_MANAGEMENT_KEY",
        ),
        Vendor(
            "perplexity",
            "https://api.perplexity.ai",
            ("PERPLEXITY_API_KEY", "PPLX_API_KEY"),
            Quirks(top_k=True, seed="", stream_usage=False, parallel_tool_calls=False),
            price_vendor="perplexity",
            lacks=NO_TOOLS,
            models=(
                "sonar",
                "sonar-pro",
                "sonar-reasoning-pro",
                "sonar-deep-research",
                "pplx-embed-v1-0.6b",
                "pplx-embed-v1-4b",
            ),
            batch=(512, 120_000),
            vectors=INT8,
        ),
        Vendor("sambanova", "https://api.sambanova.ai/v1", ("SAMBANOVA_API_KEY",), _OPEN_MODELS),
        Vendor(
            "siliconflow",
            "https://api.siliconflow.com/v1",
            ("SILICONFLOW_API_KEY",),
            replace(_OPEN_MODELS, reasoning=ReasoningControl.ENABLE_THINKING),
        ),
        Vendor(
            "together",
            "https://api.together.xyz/v1",
            ("TOGETHER_API_KEY",),
            replace(_OPEN_MODELS, echo=ReasoningEcho.PLAIN),
            price_vendor="together",
            works=RERANKS,
        ),
        Vendor("venice", "https://api.venice.ai/api/v1", ("VENICE_API_KEY",), _OPEN_MODELS),
        Vendor("upstage", "https://api.upstage.ai/v1/solar", ("UPSTAGE_API_KEY",)),
        Vendor("vultr", "https://api.vultrinference.com/v1", ("VULTR_API_KEY",), _OPEN_MODELS),
        Vendor(
            "xai",
            "https://api.x.ai/v1",
            ("XAI_API_KEY",),
            Quirks(max_tokens="max_completion_tokens", strict_tools=False, echo=ReasoningEcho.CONTENT),
            price_vendor="x-ai",
        ),
        Vendor(
            "zai",
            "https://api.z.ai/api/paas/v4",
            ("ZAI_API_KEY", "ZHIPU_API_KEY", "ZHIPUAI_API_KEY"),
            replace(_THINKING, seed="", penalties=False, parallel_tool_calls=False),
            price_vendor="zai",
            partial=NO_SCHEMA,
        ),
    )
}
"""By name, in the order in which they are offered."""
