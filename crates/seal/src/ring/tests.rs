use super::*;

const TOKEN: &[u8] = b"dG9rOjEyMzQ1Njc4OTA=";

struct Place {
    sources: Sources,
    ring: KeyRing,
    workspace: WorkspaceId,
}

impl Place {
    fn new() -> Self {
        let sources = Sources::system();
        Self {
            ring: KeyRing::new(MasterKey::generate(&sources), []),
            workspace: sources.id(),
            sources,
        }
    }

    fn context(&self) -> Context<'static> {
        Context {
            workspace: self.workspace,
            owner: "connection 1, access_token",
        }
    }

    fn seal(&self) -> Sealed {
        self.ring.seal(&self.sources, self.context(), TOKEN)
    }
}

#[test]
fn what_was_sealed_opens_at_its_place() {
    let place = Place::new();
    let sealed = place.seal();
    let stored = Sealed::from_stored(sealed.as_str());
    assert_eq!(
        place.ring.open(place.context(), &stored).unwrap().expose(),
        TOKEN
    );
    let empty = place.ring.seal(&place.sources, place.context(), b"");
    assert!(
        place
            .ring
            .open(place.context(), &empty)
            .unwrap()
            .expose()
            .is_empty()
    );
}

#[test]
fn the_stored_text_names_version_and_key_and_holds_no_plaintext() {
    let place = Place::new();
    let sealed = place.seal();
    let key_id = place.ring.key_ids().next().unwrap();
    assert!(sealed.as_str().starts_with(&format!("v1.{key_id}.")));
    assert_eq!(sealed.key_id(), Some(key_id));
    assert!(!sealed.as_str().contains("dG9rOjEyMzQ1"));
}

#[test]
fn moved_to_another_row_or_workspace_it_stays_shut() {
    let place = Place::new();
    let sealed = place.seal();
    let elsewhere = [
        Context {
            owner: "connection 2, access_token",
            ..place.context()
        },
        Context {
            owner: "",
            ..place.context()
        },
        Context {
            workspace: place.sources.id(),
            ..place.context()
        },
    ];
    for context in elsewhere {
        assert_eq!(
            place.ring.open(context, &sealed).unwrap_err(),
            OpenError::AlteredOrMoved
        );
    }
}

#[test]
fn a_ring_without_the_key_names_the_missing_one() {
    let place = Place::new();
    let sealed = place.seal();
    let other = KeyRing::new(MasterKey::generate(&place.sources), []);
    let fault = other.open(place.context(), &sealed).unwrap_err();
    let key_id = place.ring.key_ids().next().unwrap().to_owned();
    assert!(fault.to_string().contains(&key_id));
    assert_eq!(fault, OpenError::UnknownKey { key_id });
}

#[test]
fn another_key_under_the_same_id_does_not_open() {
    let place = Place::new();
    let other = KeyRing::new(MasterKey::generate(&place.sources), []);
    let relabelled = place.seal().as_str().replace(
        place.ring.key_ids().next().unwrap(),
        other.key_ids().next().unwrap(),
    );
    assert_eq!(
        other
            .open(place.context(), &Sealed::from_stored(relabelled))
            .unwrap_err(),
        OpenError::AlteredOrMoved
    );
}

#[test]
fn any_changed_byte_keeps_it_shut() {
    let place = Place::new();
    let sealed = place.seal();
    for position in 0..sealed.as_str().len() {
        for replacement in 0..=127_u8 {
            let mut bytes = sealed.as_str().as_bytes().to_vec();
            if bytes[position] == replacement {
                continue;
            }
            bytes[position] = replacement;
            let altered = Sealed::from_stored(String::from_utf8(bytes).unwrap());
            assert!(
                place.ring.open(place.context(), &altered).is_err(),
                "byte {position} may be {replacement}"
            );
        }
    }
}

#[test]
fn a_cut_or_lengthened_text_stays_shut() {
    let place = Place::new();
    let sealed = place.seal();
    for end in 0..sealed.as_str().len() {
        let cut = Sealed::from_stored(&sealed.as_str()[..end]);
        assert!(place.ring.open(place.context(), &cut).is_err());
    }
    let longer = Sealed::from_stored(format!("{}A", sealed.as_str()));
    assert!(place.ring.open(place.context(), &longer).is_err());
}

#[test]
fn a_text_that_is_no_sealed_value_is_malformed() {
    let place = Place::new();
    for text in [
        "",
        "dG9rOjEyMzQ1",
        "v2.00000000.AAAA",
        "v1.secret!!.AAAA",
        "v1.00000000.AAAA",
    ] {
        assert_eq!(
            place
                .ring
                .open(place.context(), &Sealed::from_stored(text))
                .unwrap_err(),
            OpenError::Malformed,
            "{text}"
        );
    }
}

#[test]
fn two_master_keys_live_and_the_older_ones_values_are_resealed() {
    let place = Place::new();
    let old = MasterKey::generate(&place.sources);
    let new = MasterKey::generate(&place.sources);
    let before = KeyRing::new(old.clone(), []);
    let sealed = before.seal(&place.sources, place.context(), TOKEN);
    assert!(!before.needs_reseal(&sealed));

    let during = KeyRing::new(new.clone(), [old.clone(), new.clone()]);
    assert_eq!(
        during.key_ids().collect::<Vec<_>>(),
        [new.key_id(), old.key_id()]
    );
    assert!(during.needs_reseal(&sealed));
    let secret = during.open(place.context(), &sealed).unwrap();
    let resealed = during.seal(&place.sources, place.context(), secret.expose());
    assert!(!during.needs_reseal(&resealed));

    let after = KeyRing::new(new, []);
    assert_eq!(
        after.open(place.context(), &resealed).unwrap().expose(),
        TOKEN
    );
}

#[test]
fn the_same_secret_never_looks_the_same_twice() {
    let place = Place::new();
    let texts: std::collections::HashSet<String> =
        (0..100).map(|_| place.seal().into_string()).collect();
    assert_eq!(texts.len(), 100);
}

#[test]
fn debug_shows_key_ids_alone() {
    let place = Place::new();
    let key_id = place.ring.key_ids().next().unwrap();
    assert_eq!(format!("{:?}", place.seal()), format!("Sealed({key_id})"));
    assert_eq!(
        format!("{:?}", place.ring),
        format!("KeyRing {{ keys: [MasterKey({key_id})] }}")
    );
    let stray = Sealed::from_stored("dG9rOjEyMzQ1");
    assert_eq!(format!("{stray:?}"), "Sealed(malformed)");
}

#[test]
fn derived_keys_follow_label_and_primary_key() {
    let place = Place::new();
    assert_eq!(place.ring.derive("cookie"), place.ring.derive("cookie"));
    assert_ne!(place.ring.derive("cookie"), place.ring.derive("csrf"));
    assert_ne!(
        place.ring.derive("cookie"),
        Place::new().ring.derive("cookie")
    );
}
