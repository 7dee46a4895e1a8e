"""Pages: hand each page its context and return its HTML, with this answer's nonce."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import Depends, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from api.actions.look_up import look_up
from api.actions.read_home import view_of
from api.auth import EVERYWHERE, Account
from api.deps import AccountDep, LanguageDep, NonceDep, OnDay, RowIdQuery, Services, ServicesDep, VisitorDep
from api.found import Question
from api.language import COOKIE, Language, asked_language
from api.place_ground import map_of
from api.routes import guarded_router, problems
from api.routes.incident_files import public_figures
from api.routes.lookup import SEARCH_LIMIT, AccuracyM, Crs, Lat, Lon, find_places
from api.schemas.base import FIRST_DAY, Day
from api.schemas.plans import AreaCode, GridCode
from data.calendar import today
from data.plate_codes import is_signed, read_code
from data.postgis.engine import reading
from data.profiles import Category as ProfileCategory
from data.profiles import Profile
from data.stores import doors
from maps.pages import cover, dossier, figures, home, incidents, login, lookup, people, planner, reach, siting
from maps.pages.choices import Category
from maps.pages.lookup import FoundPlace, answer_from
from maps.shell import Desk, Shell, Visitor

residents = guarded_router("residents")
street = guarded_router("street")
planning = guarded_router("planning")
DAYS_SHOWN = 90
BLOCKS_MOST = 120


def shell_of(request: Request, services: Services, language: Language, account: Account | None) -> Shell:
    """Return what surrounds every page."""
    profile, query = services.profile, request.url.query
    return Shell(
        place=services.place(language),
        path=request.url.path + (f"?{query}" if query else ""),
        visitor=Visitor(account.name, account.role) if account else None,
        attribution=services.attribution(),
        desk=Desk(getattr(profile.public.desk_name, language), profile.public.desk_phone),
    )


def show(request: Request, html: str, *, status: int = 200) -> HTMLResponse:
    """Return a page; nobody keeps it, since it says who is signed in. ``?lang=`` is remembered."""
    answer = HTMLResponse(html, status_code=status, headers={"cache-control": "no-store", "vary": "Cookie"})
    language = asked_language(request)
    if language is not None:
        answer.set_cookie(COOKIE, language, max_age=365 * 86_400, samesite="lax", path="/")
    return answer


@residents.get("/", response_class=HTMLResponse, responses=problems())
def home_page(
    request: Request, services: ServicesDep, language: LanguageDep, nonce: NonceDep, visitor: VisitorDep
) -> HTMLResponse:
    """Show the front door."""
    context = home.HomeContext(shell=shell_of(request, services, language, visitor), **services.home.read())
    return show(request, home.render(context, language=language, nonce=nonce))


Chosen = Annotated[GridCode | None, Query(description="which of several grids the visitor says is theirs")]


@dataclass(frozen=True)
class Typed:
    """What a visitor typed or chose on the residents' page."""

    q: Annotated[str, Query(max_length=80, description="an address, or the name of a place")] = ""
    code: Annotated[str, Query(max_length=120, description="the code on a doorplate, or the address it leads to")] = ""
    grid: Chosen = None
    reported: Annotated[bool, Query(description="the visitor has just said what is wrong with the answer")] = False


@residents.get("/lookup", response_class=HTMLResponse, responses=problems())
def lookup_page(
    *, request: Request, services: ServicesDep, language: LanguageDep, nonce: NonceDep, visitor: VisitorDep,
    typed: Annotated[Typed, Depends()], lon: Lon | None = None, lat: Lat | None = None, crs: Crs = "wgs84",
    accuracy_m: AccuracyM = 0.0, on: OnDay = None,
) -> Response:  # fmt: skip
    """Show who answers for a door; works without scripts. The code of a plate, typed in, leads to its door."""
    limits, client = services.limits, services.client_of(request)
    found: dict[str, Any] = {}
    if lon is not None and lat is not None:
        limits.hit("lookup", "page", client)
        question = Question(lon=lon, lat=lat, datum=crs, accuracy_m=accuracy_m, on=on or today())
        body = look_up(services.published, question, profile=services.profile, language=language)
        found = answered(services, body, question.wgs84, language=language, grid=typed.grid, accuracy_m=accuracy_m)
        if body["is_coarse"] and typed.q.strip():
            found["places"] = blocks_at(services, question.wgs84, typed.q)
    elif typed.code.strip() or typed.q.strip():
        limits.hit("search", "page", client)
        # A plate's code proves itself, wherever it was typed; what only looks like one may be an address in Latin.
        code, q = typed.code.strip(), typed.q
        plain = read_code(code or q)
        is_code = bool(code) or (plain is not None and is_signed(plain, services.plate_keys.accepted()))
        places = None if is_code else tuple(FoundPlace(**row) for row in find_places(services, q))
        if plain and not places:
            return RedirectResponse(f"/d/{plain}" + ("?lang=en" if language == "en" else ""), status_code=303)
        if plain:
            limits.hit("door", "code", client)  # nor is this a way to guess
        found = {"places": places, "code": code, "has_more": places is not None and len(places) >= SEARCH_LIMIT}
    shell = shell_of(request, services, language, visitor)
    context = resident_context(services, shell, query=typed.q, is_reported=typed.reported, **found)
    return show(request, lookup.render(context, language=language, nonce=nonce))


def blocks_at(services: Services, place: tuple[float, float], words: str) -> tuple[FoundPlace, ...]:
    """Return the buildings of the compound at a place, which words name and which is of several grids."""
    with reading(services.public) as conn:
        rows = doors.read_blocks(conn, *place, words=words, most=BLOCKS_MOST).to_dict("records")
    return tuple(FoundPlace(kind="building", **{str(key): value for key, value in row.items()}) for row in rows)


def answered(
    services: Services, body: Mapping[str, Any], place: tuple[float, float], *, language: Language,
    grid: str | None, accuracy_m: float = 0.0,
) -> dict[str, Any]:  # fmt: skip
    """Return what a page of an answer shows: the answer, where, which grid was chosen, and the small map."""
    answer = answer_from({**body, "on": str(body["on"])})
    day = date.fromisoformat(str(body["on"]))
    drawn = map_of(services, answer, place, on=day, language=language, chosen=grid or "", accuracy_m=accuracy_m)
    return {"answer": answer, "place": place, "chosen": grid or "", "map": drawn}


def resident_context(services: Services, shell: Shell, **told: Any) -> lookup.LookupContext:
    """Return the context of the residents' page."""
    return lookup.LookupContext(
        shell=shell, view=view_of(services.published),
        categories={category.key: category.colour for category in services.profile.stations}, **told,
    )  # fmt: skip


@residents.get("/figures", response_class=HTMLResponse, responses=problems())
def figures_page(
    request: Request, services: ServicesDep, language: LanguageDep, nonce: NonceDep, visitor: VisitorDep
) -> HTMLResponse:
    """Show how many incidents there were; no place, no count below five."""
    shell = shell_of(request, services, language, visitor)
    context = figures.figures_from(shell, public_figures(services, language))
    return show(request, figures.render(context, language=language, nonce=nonce))


@residents.get("/login", response_class=HTMLResponse, responses=problems())
def login_form(
    request: Request, services: ServicesDep, language: LanguageDep, nonce: NonceDep, visitor: VisitorDep,
    next: Annotated[str, Query(max_length=500)] = "/",  # noqa: A002  # the page's own word, as in the contract
) -> HTMLResponse:  # fmt: skip
    """Show the form to sign in."""
    del visitor
    return login_page(request, services, language, nonce, next_path=safe_next(next))


@planning.get("/planner", response_class=HTMLResponse, responses=problems(401))
def planner_page(
    *, request: Request, services: ServicesDep, language: LanguageDep, nonce: NonceDep, account: AccountDep,
    plan: RowIdQuery = None,
    edit: Annotated[AreaCode | None, Query(include_in_schema=False)] = None,  # where the script opens
) -> HTMLResponse:  # fmt: skip
    """Show a plan's grids, each against the band."""
    band = services.profile.grid.band
    context = planner.PlannerContext(
        shell=shell_of(request, services, language, account), view=view_of(services.published, account.scope),
        households_min=band[0], households_max=band[1], plan_id=plan,
        can_propose=services.may(account, "POST /api/v1/plans"),
        can_edit=services.may(account, "POST /api/v1/plans/{plan_id}/edits"),
        can_say=services.may(account, "POST /api/v1/plans/{plan_id}/comments"),
        can_take=services.may(account, "GET /api/v1/plans/{plan_id}/package.zip"), edit_area=edit,
    )  # fmt: skip
    return show(request, planner.render(context, language=language, nonce=nonce))


@planning.get("/dossier", response_class=HTMLResponse, responses=problems(401))
def dossier_page(
    *, request: Request, services: ServicesDep, language: LanguageDep, nonce: NonceDep, account: AccountDep,
    plan: RowIdQuery = None, base: RowIdQuery = None,
) -> HTMLResponse:  # fmt: skip
    """Show what a plan changes: the maps before and after, who moves, and what is then to be done."""
    context = dossier.DossierContext(
        shell=shell_of(request, services, language, account), view=view_of(services.published, account.scope),
        plan_id=plan, base_id=base,
    )  # fmt: skip
    return show(request, dossier.render(context, language=language, nonce=nonce))


@planning.get("/people", response_class=HTMLResponse, responses=problems(401))
def people_page(
    request: Request, services: ServicesDep, language: LanguageDep, nonce: NonceDep, account: AccountDep,
    on: OnDay = None,
) -> HTMLResponse:  # fmt: skip
    """Show who answers for each grid, what has nobody, and who is away."""
    context = people.PeopleContext(
        shell=shell_of(request, services, language, account), on=on or today(),
        can_write=services.may(account, "POST /api/v1/duties"),
        can_settle=services.may(account, "GET /api/v1/lookup/reports"),
    )  # fmt: skip
    return show(request, people.render(context, language=language, nonce=nonce))


@planning.get("/cover", response_class=HTMLResponse, responses=problems(401))
def cover_page(
    request: Request, services: ServicesDep, language: LanguageDep, nonce: NonceDep, account: AccountDep,
    on: OnDay = None,
) -> HTMLResponse:  # fmt: skip
    """Show whether every door is covered."""
    context = cover.CoverContext(
        shell=shell_of(request, services, language, account), view=view_of(services.published, account.scope),
        on=on or today(),
    )  # fmt: skip
    return show(request, cover.render(context, language=language, nonce=nonce))


@planning.get("/reach", response_class=HTMLResponse, responses=problems(401))
def reach_page(
    request: Request, services: ServicesDep, language: LanguageDep, nonce: NonceDep, account: AccountDep
) -> HTMLResponse:
    """Show who is within reach of a station on foot."""
    profile = services.profile
    context = reach.ReachContext(
        shell=shell_of(request, services, language, account), view=view_of(services.published, account.scope),
        categories=_choices(profile.stations, language),
        circles=tuple(reach.Circle(c.minutes, getattr(c.label, language)) for c in profile.walking.circles),
        speed_m_per_s=profile.walking.speed_m_per_s,
        walkers=_walkers(profile, language),
    )  # fmt: skip
    return show(request, reach.render(context, language=language, nonce=nonce))


@planning.get("/siting", response_class=HTMLResponse, responses=problems(401))
def siting_page(
    request: Request, services: ServicesDep, language: LanguageDep, nonce: NonceDep, account: AccountDep
) -> HTMLResponse:
    """Show where the next stations should stand, and try changes."""
    profile = services.profile
    context = siting.SitingContext(
        shell=shell_of(request, services, language, account), view=view_of(services.published, account.scope),
        categories=_choices(profile.stations, language),
        circles=tuple(reach.Circle(c.minutes, getattr(c.label, language)) for c in profile.walking.circles),
        walkers=_walkers(profile, language),
        can_accept=services.may(account, "POST /api/v1/reach/changes") and account.scope == EVERYWHERE,
    )  # fmt: skip
    return show(request, siting.render(context, language=language, nonce=nonce))


Kept = Annotated[str | None, Query(max_length=60)]


@dataclass(frozen=True)
class IncidentsView:
    """What the incidents page's own script keeps in its address, so that a link opens the same view."""

    category: Kept = None
    tier: Kept = None
    state: Kept = None
    standing: Kept = None
    grid: Kept = None
    weekdays: Kept = None
    hours: Kept = None
    reading: Kept = None
    on: Kept = None
    layer: Kept = None
    method: Kept = None
    measure: Kept = None
    unit: Kept = None
    shade: Kept = None
    tab: Kept = None
    rank: Kept = None
    here: Kept = None
    lines: Kept = None
    case: Kept = None
    at: Kept = None


@street.get("/incidents", response_class=HTMLResponse, responses=problems(401))
def incidents_page(
    *, request: Request, services: ServicesDep, language: LanguageDep, nonce: NonceDep, account: AccountDep,
    view: Annotated[IncidentsView, Depends()],
    from_on: Annotated[Day | None, Query(alias="from")] = None,
    to_on: Annotated[Day | None, Query(alias="to")] = None,
) -> HTMLResponse:  # fmt: skip
    """Show where and when incidents gather, who has them, and what is late."""
    del view
    profile = services.profile
    last = to_on or services.last_incident_day(account) or today()
    context = incidents.IncidentsContext(
        shell=shell_of(request, services, language, account), view=view_of(services.published, account.scope),
        categories=_choices(profile.incidents.categories, language),
        tiers=_words(profile, "tiers", language), states=_words(profile, "states", language),
        moves=_words(profile, "moves", language),
        can_handle=services.may(account, "GET /api/v1/incidents/{incident_id}"),
        from_on=from_on or max(last - timedelta(days=DAYS_SHOWN), FIRST_DAY), to_on=last,
    )  # fmt: skip
    return show(request, incidents.render(context, language=language, nonce=nonce))


def safe_next(path: str) -> str:
    """Return a path of this service to go to next; anything that could lead elsewhere leads to the first page."""
    plain = path.startswith("/") and not path.startswith("//") and "\\" not in path
    return path if plain and path.isprintable() else "/"


def login_page(
    request: Request, services: Services, language: Language, nonce: str, *, next_path: str, problem: str = ""
) -> HTMLResponse:
    """Return the log-in page; with a `problem`, as the answer to a failed try."""
    context = login.LoginContext(
        shell=shell_of(request, services, language, None), next_path=next_path, problem=problem
    )  # fmt: skip
    return show(request, login.render(context, language=language, nonce=nonce), status=401 if problem else 200)


def _walkers(profile: Profile, language: Language) -> tuple[reach.Walker, ...]:
    return tuple(
        reach.Walker(walker.key, getattr(walker.label, language), walker.speed_m_per_s)
        for walker in profile.walking.choices
    )


def _choices(categories: tuple[ProfileCategory, ...], language: Language) -> tuple[Category, ...]:
    return tuple(Category(c.key, getattr(c.label, language), c.colour) for c in categories)


def _words(profile: Profile, name: str, language: Language) -> tuple[Category, ...]:
    return tuple(Category(row.key, getattr(row.label, language)) for row in getattr(profile.incidents, name))
