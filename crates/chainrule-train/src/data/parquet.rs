//! Tables in Parquet files (Apache Parquet format 2), of numbers, booleans and texts.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use parquet::basic::{ConvertedType, Type as Physical};
use parquet::column::reader::ColumnReader;
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::schema::types::ColumnDescriptor;

use super::dialect::make_distinct;
use super::parquet_pages;
use super::table::{Chunk, Column, Format, Head, How, Places, TOLD_APART, Table, TableFile, Visit};
use crate::limits;
use chainrule::error::{Error, Result};
use chainrule::tensor::fits_in_memory;

/// Parquet files.
#[derive(Debug)]
pub(super) struct Parquet;

impl Format for Parquet {
    fn extensions(&self) -> &'static [&'static str] {
        &["parquet"]
    }

    fn header(&self, path: &Path, _how: &How) -> Result<Head> {
        header(path).map(Head::of)
    }

    fn read(&self, file: &TableFile) -> Result<Table> {
        read(file)
    }

    fn can_stream(&self) -> bool {
        true
    }

    fn scan(&self, file: &TableFile, visit: Visit<'_>) -> Result<Vec<Chunk>> {
        scan(file, visit)
    }

    fn chunk(&self, file: &TableFile, chunk: &Chunk) -> Result<Table> {
        let reader = open(&file.path)?;
        let mut table = empty(file, u64::from(chunk.first));
        let (group, start) = chunk.start;
        append(&reader, file, &mut table, group as usize, start, u64::from(chunk.rows))?;
        Ok(table)
    }
}

/// Rows of a chunk of a streamed file.
const CHUNK_ROWS: u64 = 8192;

fn open(path: &Path) -> Result<SerializedFileReader<File>> {
    let (file, _) = limits::open(path)?;
    let reader = guarded(path, || SerializedFileReader::new(file))?;
    for column in reader.metadata().row_groups().iter().flat_map(RowGroupMetaData::columns) {
        let start = column.dictionary_page_offset().unwrap_or(0).min(column.data_page_offset());
        if start < 0 || column.compressed_size() < 0 {
            let name = column.column_path().string();
            return Err(Error::file(path, format!("column `{name}` begins before the file does")));
        }
    }
    Ok(reader)
}

/// Calls the reader of the format, which panics on some damaged files.
fn guarded<T>(path: &Path, read: impl FnOnce() -> Result<T, ParquetError>) -> Result<T> {
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(result) => result.map_err(|error| fail(path, &error)),
        Err(_) => Err(Error::file(path, "is a damaged Parquet file, on which its reader gave up")),
    }
}

fn fail(path: &Path, error: &ParquetError) -> Error {
    Error::file(path, format!("is no Parquet file that can be read: {error}"))
}

/// The names of the columns, if all are of types that can be read and their pages sound.
fn header(path: &Path) -> Result<Vec<String>> {
    let reader = open(path)?;
    let (mut file, _) = limits::open(path)?;
    for column in reader.metadata().row_groups().iter().flat_map(RowGroupMetaData::columns) {
        let (start, length) = column.byte_range();
        parquet_pages::check(&mut file, start, length)
            .map_err(|message| Error::file(path, message))?;
    }
    let schema = reader.metadata().file_metadata().schema_descr();
    let mut names = Vec::new();
    for column in schema.columns() {
        let name = column.path().string();
        let text = matches!(column.converted_type(), ConvertedType::UTF8 | ConvertedType::ENUM);
        let known = match column.physical_type() {
            Physical::BOOLEAN | Physical::FLOAT | Physical::DOUBLE => true,
            Physical::INT32 | Physical::INT64 => column.converted_type() != ConvertedType::DECIMAL,
            Physical::BYTE_ARRAY => text,
            Physical::INT96 | Physical::FIXED_LEN_BYTE_ARRAY => false,
        };
        if !known || column.max_rep_level() > 0 || column.path().parts().len() > 1 {
            let message = format!(
                "column `{name}` is neither of numbers, nor of booleans, nor of texts; leave it out of the table"
            );
            return Err(Error::file(path, message));
        }
        names.push(name);
    }
    make_distinct(&mut names);
    Ok(names)
}

/// The whole table.
fn read(file: &TableFile) -> Result<Table> {
    let reader = open(&file.path)?;
    let groups = reader.metadata().row_groups().iter();
    let rows =
        groups.fold(0_u64, |rows, group| rows.saturating_add(group.num_rows().max(0) as u64));
    let bytes = u128::from(rows) * file.names.len() as u128 * size_of::<f64>() as u128;
    let fits = fits_in_memory(bytes);
    if rows > u64::from(u32::MAX) || !fits {
        let message = format!("announces {rows} rows, which do not fit into memory; stream it");
        return Err(Error::file(&file.path, message));
    }
    let mut table = empty(file, 0);
    for group in 0..reader.num_row_groups() {
        append(&reader, file, &mut table, group, 0, u64::MAX)?;
    }
    Ok(table)
}

/// Shows the file chunk by chunk: stretches of its row groups.
fn scan(file: &TableFile, visit: Visit<'_>) -> Result<Vec<Chunk>> {
    let reader = open(&file.path)?;
    let (mut chunks, mut first) = (Vec::new(), 0_u64);
    for group in 0..reader.num_row_groups() {
        let mut start = 0;
        loop {
            let mut table = empty(file, first);
            append(&reader, file, &mut table, group, start, CHUNK_ROWS)?;
            let rows = table.len as u64;
            if rows == 0 {
                break;
            }
            let ends = first.checked_add(rows).filter(|&end| u32::try_from(end).is_ok());
            let end =
                ends.ok_or_else(|| Error::file(&file.path, "has more than 4,294,967,295 rows"))?;
            visit(&table)?;
            chunks.push(Chunk {
                first: first as u32,
                rows: rows as u32,
                start: (group as u64, start),
            });
            (first, start) = (end, start + rows);
        }
    }
    Ok(chunks)
}

fn empty(file: &TableFile, first: u64) -> Table {
    let (path, names) = (file.path.clone(), file.names.clone());
    let na = file.layout.na.clone();
    Table { path, names, columns: Vec::new(), places: Places::Rows(first), len: 0, na }
}

/// Appends rows of a group to the table, at most `count` from row `start` on.
fn append(
    reader: &SerializedFileReader<File>,
    file: &TableFile,
    table: &mut Table,
    group: usize,
    start: u64,
    count: u64,
) -> Result<()> {
    let group = guarded(&file.path, || reader.get_row_group(group))?;
    let announced = group.metadata().num_rows().max(0) as u64;
    let count = count.min(announced.saturating_sub(start)) as usize;
    if count == 0 {
        return Ok(());
    }
    for (index, name) in file.names.iter().enumerate() {
        let cells = guarded(&file.path, || {
            let descriptor = group.metadata().column(index).column_descr_ptr();
            read_column(group.get_column_reader(index)?, &descriptor, start as usize, count)
        })?;
        if cells.len() != count {
            let message = format!("column `{name}` has {} rows in place of {count}", cells.len());
            return Err(Error::file(&file.path, message));
        }
        match table.columns.get_mut(index) {
            Some(column) => column.append(cells),
            None => table.columns.push(cells),
        }
    }
    table.len += count;
    Ok(())
}

impl Column {
    /// Numbers; `None` is missing.
    fn numbers(cells: impl Iterator<Item = Option<f64>>) -> Self {
        Self::Numbers(cells.map(|cell| cell.unwrap_or(f64::NAN)).collect())
    }

    /// Whole numbers, which are texts where some have more digits than a number tells apart: they may be names.
    fn whole<N: Copy + Into<i128>>(cells: &[Option<N>]) -> Self {
        let cells = || cells.iter().map(|cell| cell.map(Into::<i128>::into));
        if cells().flatten().all(|number| (number.unsigned_abs() as f64) < TOLD_APART) {
            return Self::numbers(cells().map(|cell| cell.map(|number| number as f64)));
        }
        let mut texts = Self::texts();
        let written = |number: i128| number.to_string();
        cells().for_each(|cell| texts.push_text(&cell.map(written).unwrap_or_default()));
        texts
    }

    fn len(&self) -> usize {
        match self {
            Self::Numbers(numbers) => numbers.len(),
            Self::Texts { ends, .. } => ends.len(),
        }
    }

    /// Appends more cells; where those or these are texts, all become texts.
    fn append(&mut self, more: Self) {
        if let (Self::Numbers(numbers), Self::Numbers(more)) = (&mut *self, &more) {
            return numbers.extend(more);
        }
        let parts = [std::mem::replace(self, Self::texts()), more];
        for part in &parts {
            for row in 0..part.len() {
                self.push_text(&part.cell(row, |_| false).written());
            }
        }
    }
}

/// Reads `count` cells after the first `start`.
fn read_column(
    column: ColumnReader,
    descriptor: &ColumnDescriptor,
    start: usize,
    count: usize,
) -> Result<Column, ParquetError> {
    macro_rules! cells {
        ($reader:ident, $convert:expr) => {{
            let mut $reader = $reader;
            $reader.skip_records(start)?;
            let (mut values, mut levels) = (Vec::new(), Vec::new());
            let nullable = descriptor.max_def_level() > 0;
            let mut records = 0;
            while records < count {
                let defined = nullable.then_some(&mut levels);
                let (read, ..) =
                    $reader.read_records(count - records, defined, None, &mut values)?;
                if read == 0 {
                    break;
                }
                records += read;
            }
            let mut values = values.into_iter().map($convert);
            match nullable {
                true => levels
                    .iter()
                    .map(|&level| if level > 0 { values.next().transpose() } else { Ok(None) })
                    .collect::<Result<Vec<_>, ParquetError>>()?,
                false => values.map(|value| value.map(Some)).collect::<Result<_, _>>()?,
            }
        }};
    }
    let unsigned = matches!(
        descriptor.converted_type(),
        ConvertedType::UINT_8
            | ConvertedType::UINT_16
            | ConvertedType::UINT_32
            | ConvertedType::UINT_64
    );
    let texts = |cells: Vec<Option<String>>| {
        let mut texts = Column::texts();
        cells.iter().for_each(|cell| texts.push_text(cell.as_deref().unwrap_or_default()));
        texts
    };
    Ok(match column {
        ColumnReader::BoolColumnReader(reader) => {
            texts(cells!(reader, |value: bool| Ok(value.to_string())))
        }
        ColumnReader::Int32ColumnReader(reader) if unsigned => {
            Column::whole(&cells!(reader, |value: i32| Ok(value as u32)))
        }
        ColumnReader::Int32ColumnReader(reader) => {
            Column::whole(&cells!(reader, |value: i32| Ok(value)))
        }
        ColumnReader::Int64ColumnReader(reader) if unsigned => {
            Column::whole(&cells!(reader, |value: i64| Ok(value as u64)))
        }
        ColumnReader::Int64ColumnReader(reader) => {
            Column::whole(&cells!(reader, |value: i64| Ok(value)))
        }
        ColumnReader::FloatColumnReader(reader) => {
            Column::numbers(cells!(reader, |value: f32| Ok(f64::from(value))).into_iter())
        }
        ColumnReader::DoubleColumnReader(reader) => {
            Column::numbers(cells!(reader, |value: f64| Ok(value)).into_iter())
        }
        ColumnReader::ByteArrayColumnReader(reader) => {
            texts(cells!(reader, |value: ByteArray| value.as_utf8().map(str::to_owned)))
        }
        ColumnReader::Int96ColumnReader(_) | ColumnReader::FixedLenByteArrayColumnReader(_) => {
            return Err(ParquetError::General("a type that cannot be read".into()));
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(column: &Column) -> Vec<String> {
        (0..column.len()).map(|row| column.cell(row, |_| false).written()).collect()
    }

    /// The groups of a file are looked at one by one.
    #[test]
    fn what_follows_may_have_more_digits() {
        let small = || Column::whole(&[Some(7_i64), None, Some(-3)]);
        let large = || Column::whole(&[Some(u64::MAX), None]);
        assert!(matches!(small(), Column::Numbers(_)));
        let texts = ["18446744073709551615", ""];
        let mut column = small();
        column.append(large());
        assert_eq!(written(&column), ["7", "", "-3", texts[0], texts[1]]);
        let mut column = large();
        column.append(small());
        assert_eq!(written(&column), [texts[0], texts[1], "7", "", "-3"]);
    }
}
