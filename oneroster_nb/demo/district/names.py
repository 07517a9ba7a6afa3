"""The names of people and schools in the demo district.

No real person is meant. The lists hold accents, apostrophes, hyphens and spaces on purpose, because
real rosters do.
"""

from typing import Final


def _words(text: str) -> tuple[str, ...]:
    """Split lines of comma-separated names."""
    return tuple(word.strip() for word in text.replace("\n", ",").split(",") if word.strip())


CHILDREN: Final = _words(
    """
    Ada, Amélie, Ana Lucía, Beatriz, Brianna, Chloë, Daniela, Delphine, Elif, Emma
    Fatima, Grace, Hannah, Imani, Ingrid, Jasmine, Kaia, Leilani, Lina, Mary-Kate
    Maya, Nadia, Olivia, Priya, Quinn, Renée, Saoirse, Tamara, Yuki, Zoë
    Aarón, Andre, Benjamin, Caleb, D'Angelo, Diego, Elijah, Finn, Gabriel, Håkon
    Isaac, Jamal, Jean-Luc, Kenji, Liam, Mateo, Nguyên, Noah, Omar, Pablo
    Rafael, Samuel, Søren, Tariq, Tomás, Umar, Victor, Wyatt, Xavier, Zachary
    """
)
"""Given names of students: girls in the first half, boys in the second."""

GUARDIANS: Final = (
    _words(
        """
        Abigail, Adriana, Aisha, Alicia, Amanda, Angela, Anneliese, Aurora, Barbara, Bernadette
        Carmen, Catherine, Cecilia, Claudia, Constance, Corinne, Dolores, Dorothea, Edith, Elena
        Esther, Eunice, Florence, Françoise, Gloria, Gwendolyn, Harriet, Helena, Ida, Irene
        Jacqueline, Joanna, Josefina, Judith, Karima, Katarína, Laura, Leonor, Lorraine, Lucille
        Magdalena, Margaret, Marisol, Mercedes, Miriam, Naomi, Nora, Patricia, Pilar, Rosalind
        Ruth, Sabine, Shirley, Stella, Sylvia, Teresa, Ursula, Valerie, Wilhelmina, Yolanda
        """
    ),
    _words(
        """
        Abdul, Albert, Alejandro, Alphonse, Anthony, Arturo, Barnaby, Bernard, Björn, Bruno
        Carlos, Cedric, Charles, Clarence, Cyrus, Darius, Dennis, Desmond, Eduardo, Edwin
        Ernesto, Eugene, Felix, Ferdinand, Francisco, Frederick, Geoffrey, Gerald, Gustavo,
        Hans-Peter
        Harold, Hector, Hugo, Ignacio, Isidore, Javier, Jerome, Joaquín, Julian, Kamal
        Kwame, Lawrence, Leopold, Louis, Malcolm, Marcel, Maurice, Nathaniel, Oscar, Patrick
        Percy, Ramón, Raymond, Roderick, Salvador, Stanley, Theodore, Ulrich, Vincent, Winston
        """
    ),
)
"""Given names of a student's first and second guardian: each as many as :data:`CHILDREN`."""

ADULTS: Final = (*GUARDIANS[0], *GUARDIANS[1])
"""Given names of people who work at a school."""

FAMILIES: Final = _words(
    """
    Abara, Abbott, Acosta, Adeyemi, Ahmed, Alder, Ali, Andersson, Arroyo, Ashford
    Baker-Singh, Baptiste, Barros, Becker, Bello, Bennett, Bergström, Bianchi, Blackwood, Brooks
    Caldwell, Carrasco, Castañeda, Chandra, Chen, Cho, Collins, Cruz, Cunningham, D'Souza
    Da Silva, Dalton, Dawson, De la Cruz, Delgado, Diallo, Dixon, Dubois, Duran, Eastman
    Edwards, El-Amin, Escobar, Espinoza, Farouk, Ferrari, Fischer, Fitzgerald, Fleming, Flores
    Fontaine, Foster, Fuentes, Garza, Gauthier, Goldberg, Gómez, Gupta, Hale, Hamilton
    Harper, Hassan, Hernández, Hoang, Holloway, Huang, Ibarra, Ivanov, Jansen, Jiménez
    Johansson, Kamara, Kaplan, Kim, Kowalski, Kumar, Lambert, Laurent, Lefèvre, Lindqvist
    Lopez-Reyes, Lozano, MacKenzie, Maldonado, Martínez, McAllister, Medina, Mensah, Mitchell,
    Moreau
    Müller, Nakamura, Novak, Núñez, O'Brien, O'Connor, O'Neil, Okafor, Olsen, Ortega
    Osei, Park, Peña, Petrov, Quintero, Ramírez, Rossi, Saito, Schröder, Silverman
    Sørensen, St. Clair, Tanaka, Tran, Underwood, Van der Berg, Vásquez, Whitfield, Yamamoto,
    Zieliński
    """
)
"""Family names."""

PLACES: Final = (
    _words(
        """
        North, South, East, West, Lincoln, Maple, Cedar, Juniper, Franklin, Riverside
        Hillcrest, Lakeview, Meadow, Harbor, Prairie, Summit, Orchard, Birch, Granite, Willow
        """
    ),
    ("", *_words("Hill, Park, Creek, Grove, Ridge, Valley, Bend, Point, Springs, Heights")),
)
"""The two words of a school's name; the second may be empty."""

TOWNS: Final = _words("Ashbrook, Fairmont, Glenwood, Kingsport, Millfield, Oakdale, Stanhope")
"""The places of birth of students."""
